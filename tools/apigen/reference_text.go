package main

import (
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-tools/pkg/crd"
)

// typeName says what a field holds, with a link to the section of the type where there is one.
func (r reference) typeName(prefix string, in crd.TypeIdent, field apiextensionsv1.JSONSchemaProps) string {
	switch {
	case field.Items != nil && field.Items.Schema != nil:
		return "list of " + r.typeName(prefix, in, *field.Items.Schema)
	case field.AdditionalProperties != nil && field.AdditionalProperties.Schema != nil:
		return "map of " + r.typeName(prefix, in, *field.AdditionalProperties.Schema)
	case len(field.Enum) > 0:
		return values(field.Enum)
	}
	if ref := reffed(field); ref != "" {
		return r.referencedName(prefix, r.target(in, ref))
	}
	return basicName(field)
}

func (r reference) referencedName(prefix string, target crd.TypeIdent) string {
	schema := r.parser.Schemata[target]
	switch {
	case isOwn(target) && schema.Type == "object":
		return fmt.Sprintf("[%s](#%s)", target.Name, anchor(prefix, target))
	case len(schema.Enum) > 0:
		return values(schema.Enum)
	case schema.Type == "object" && len(schema.Properties) > 0:
		parts := strings.Split(target.Package.PkgPath, "/")
		return fmt.Sprintf("`%s %s`", strings.Join(parts[len(parts)-2:], "/"), target.Name)
	default:
		return r.typeName(prefix, target, schema)
	}
}

func basicName(field apiextensionsv1.JSONSchemaProps) string {
	switch {
	case field.XIntOrString:
		return "number or string"
	case field.XPreserveUnknownFields != nil && field.Type == "object":
		return "object of any content"
	case field.XPreserveUnknownFields != nil:
		return "anything"
	default:
		return field.Type
	}
}

// reffed is the reference of a field, which stands beside the field's own attributes or in allOf.
func reffed(field apiextensionsv1.JSONSchemaProps) string {
	if field.Ref != nil {
		return *field.Ref
	}
	for _, part := range field.AllOf {
		if part.Ref != nil {
			return *part.Ref
		}
	}
	return ""
}

func values(enum []apiextensionsv1.JSON) string {
	var all []string
	for _, value := range enum {
		if text := strings.Trim(string(value.Raw), `"`); text != "" {
			all = append(all, "`"+text+"`")
		}
	}
	return strings.Join(all, ", ")
}

// writeRules lists what a type's fields must fulfil together.
func writeRules(out *strings.Builder, schema apiextensionsv1.JSONSchemaProps) {
	if len(schema.XValidations) == 0 {
		return
	}
	out.WriteString("\nRules:\n\n")
	for _, rule := range schema.XValidations {
		fmt.Fprintf(out, "- %s\n", rule.Message)
	}
}

func anchor(prefix string, ident crd.TypeIdent) string {
	return prefix + "-" + strings.ToLower(ident.Name)
}

func paragraph(text string) string { return strings.TrimSpace(text) }

// cell is text that fits into a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", "\\|")
}
