package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-tools/pkg/crd"
)

// reference describes the resources and the types of their fields as Markdown.
type reference struct {
	parser *crd.Parser
	kinds  []apiextensionsv1.CustomResourceDefinition
}

func (r reference) markdown() string {
	out := &strings.Builder{}
	out.WriteString("# Custom resources\n\n<!-- Generated from the Go types by `make generate`. Do not edit. -->\n\n")
	out.WriteString("| Kind | Group and version | Short names | Scope |\n|---|---|---|---|\n")
	for _, kind := range r.kinds {
		names := kind.Spec.Names
		fmt.Fprintf(out, "| [%s](#%s) | %s/%s | %s | %s |\n", names.Kind, strings.ToLower(names.Kind),
			kind.Spec.Group, kind.Spec.Versions[0].Name, strings.Join(names.ShortNames, ", "), kind.Spec.Scope)
	}
	out.WriteString("\nTypes that Kubernetes defines, such as `core/v1 Affinity`, are described in Kubernetes' API reference.\n")

	for _, kind := range r.kinds {
		r.writeKind(out, kind)
	}
	return out.String()
}

// writeKind describes a kind and, after it, the types that only it or it first needs.
func (r reference) writeKind(out *strings.Builder, kind apiextensionsv1.CustomResourceDefinition) {
	root := r.kindType(kind.Spec.Group, kind.Spec.Names.Kind)
	schema := r.parser.Schemata[root]
	fmt.Fprintf(out, "\n## %s\n\n%s\n", kind.Spec.Names.Kind, paragraph(schema.Description))
	writeRules(out, schema)
	out.WriteString("\n| Column | Content |\n|---|---|\n")
	for _, column := range kind.Spec.Versions[0].AdditionalPrinterColumns {
		fmt.Fprintf(out, "| %s | `%s` |\n", strings.ToUpper(column.Name), column.JSONPath)
	}
	prefix := strings.ToLower(kind.Spec.Names.Kind)
	for _, ident := range r.reachable(root) {
		r.writeType(out, prefix, ident)
	}
}

func (r reference) writeType(out *strings.Builder, prefix string, ident crd.TypeIdent) {
	schema := r.parser.Schemata[ident]
	fmt.Fprintf(out, "\n### <a id=\"%s\"></a>%s\n\n%s\n", anchor(prefix, ident), ident.Name, paragraph(schema.Description))
	writeRules(out, schema)
	out.WriteString("\n| Field | Type | Meaning |\n|---|---|---|\n")
	properties, required := r.properties(ident)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		field := properties[name]
		meaning := cell(field.Description)
		if slices.Contains(required, name) {
			meaning = "**Required.** " + meaning
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", name, r.typeName(prefix, ident, field), meaning)
	}
}

// properties are the fields of a type with those of the types embedded in it.
func (r reference) properties(ident crd.TypeIdent) (map[string]apiextensionsv1.JSONSchemaProps, []string) {
	schema := r.parser.Schemata[ident]
	properties := maps.Clone(schema.Properties)
	if properties == nil {
		properties = map[string]apiextensionsv1.JSONSchemaProps{}
	}
	required := slices.Clone(schema.Required)
	for _, part := range schema.AllOf {
		if part.Ref == nil {
			continue
		}
		embedded, names := r.properties(r.target(ident, *part.Ref))
		maps.Copy(properties, embedded)
		required = append(required, names...)
	}
	return properties, required
}

// reachable lists the project's own structured types below a kind, each once, parents first.
func (r reference) reachable(root crd.TypeIdent) []crd.TypeIdent {
	var found []crd.TypeIdent
	queue := []crd.TypeIdent{root}
	for len(queue) > 0 {
		ident := queue[0]
		queue = queue[1:]
		properties, _ := r.properties(ident)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			target, ok := r.structured(ident, properties[name])
			if ok && !slices.Contains(found, target) {
				found = append(found, target)
				queue = append(queue, target)
			}
		}
	}
	return found
}

// structured returns the project's own type with fields that a field, or each of its elements, has.
func (r reference) structured(in crd.TypeIdent, field apiextensionsv1.JSONSchemaProps) (crd.TypeIdent, bool) {
	switch {
	case field.Items != nil && field.Items.Schema != nil:
		return r.structured(in, *field.Items.Schema)
	case field.AdditionalProperties != nil && field.AdditionalProperties.Schema != nil:
		return r.structured(in, *field.AdditionalProperties.Schema)
	}
	ref := reffed(field)
	if ref == "" {
		return crd.TypeIdent{}, false
	}
	target := r.target(in, ref)
	schema := r.parser.Schemata[target]
	return target, isOwn(target) && schema.Type == "object"
}

// kindType is the Go type of a kind.
func (r reference) kindType(group, kind string) crd.TypeIdent {
	for ident := range r.parser.Schemata {
		if ident.Name == kind && r.parser.GroupVersions[ident.Package].Group == group {
			return ident
		}
	}
	panic("no type for kind " + kind)
}

// target is the Go type that a reference in a type of its own or another package means.
func (r reference) target(in crd.TypeIdent, ref string) crd.TypeIdent {
	name, path, err := crd.RefParts(ref)
	if err != nil {
		panic(err)
	}
	if path == "" {
		return crd.TypeIdent{Package: in.Package, Name: name}
	}
	for ident := range r.parser.Schemata {
		if ident.Name == name && ident.Package.PkgPath == path {
			return ident
		}
	}
	panic("no type for reference " + ref)
}
