package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-tools/pkg/crd"
	crdmarkers "sigs.k8s.io/controller-tools/pkg/crd/markers"
	"sigs.k8s.io/controller-tools/pkg/genall"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/controller-tools/pkg/markers"
	"sigs.k8s.io/yaml"
)

const generatedNotice = "# Generated from the Go types by `make generate`. Do not edit.\n"

// definitions generates the CustomResourceDefinitions and the reference.
type definitions struct{}

func (definitions) RegisterMarkers(into *markers.Registry) error { return crdmarkers.Register(into) }

func (definitions) CheckFilter() loader.NodeFilter { return crd.Generator{}.CheckFilter() }

func (definitions) Generate(ctx *genall.GenerationContext) error {
	parser := &crd.Parser{
		Collector:                  ctx.Collector,
		Checker:                    ctx.Checker,
		AllowDangerousTypes:        true, // traceSampling is a fraction
		GenerateEmbeddedObjectMeta: true, // labels and annotations of a volume claim template
	}
	crd.AddKnownTypes(parser)
	for _, root := range ctx.Roots {
		parser.NeedPackage(root)
	}
	kinds := crd.FindKubeKinds(parser, crd.FindMetav1(ctx.Roots))
	for ident := range parser.Types {
		for _, kind := range kinds {
			if ident.Name == kind.Kind && parser.GroupVersions[ident.Package].Group == kind.Group {
				parser.NeedSchemaFor(ident)
			}
		}
	}
	reduceForeign(parser)

	var made []apiextensionsv1.CustomResourceDefinition
	for _, kind := range kinds {
		parser.NeedCRDFor(kind, nil)
		definition := parser.CustomResourceDefinitions[kind]
		crd.FixTopLevelMetadata(definition)
		definition.Labels = map[string]string{
			"app.kubernetes.io/managed-by": "smm",
			"app.kubernetes.io/part-of":    "smm",
		}
		made = append(made, definition)
	}
	if err := writeDefinitions(ctx, made); err != nil {
		return err
	}
	return writeFile(ctx, referenceFile, reference{parser: parser, kinds: made}.markdown())
}

// writeDefinitions writes a file for each definition and removes those of kinds that no longer exist.
func writeDefinitions(ctx *genall.GenerationContext, made []apiextensionsv1.CustomResourceDefinition) error {
	current := map[string]bool{}
	for _, definition := range made {
		path := filepath.Join(crdDirectory, definition.Spec.Group+"_"+definition.Spec.Names.Plural+".yaml")
		current[path] = true
		text, err := yaml.Marshal(struct {
			APIVersion string                                       `json:"apiVersion"`
			Kind       string                                       `json:"kind"`
			Metadata   map[string]any                               `json:"metadata"`
			Spec       apiextensionsv1.CustomResourceDefinitionSpec `json:"spec"`
		}{
			definition.APIVersion, definition.Kind,
			map[string]any{"name": definition.Name, "labels": definition.Labels},
			definition.Spec,
		})
		if err != nil {
			return fmt.Errorf("encode %s: %w", definition.Name, err)
		}
		if err := writeFile(ctx, path, generatedNotice+string(text)); err != nil {
			return err
		}
	}
	existing, err := filepath.Glob(filepath.Join(crdDirectory, "*.yaml"))
	if err != nil {
		return err
	}
	for _, path := range existing {
		if current[path] {
			continue
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove a kind that no longer exists: %w", err)
		}
	}
	return nil
}

func writeFile(ctx *genall.GenerationContext, path, text string) error {
	file, err := ctx.Open(nil, path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if _, err := strings.NewReader(text).WriteTo(file); err != nil {
		_ = file.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return file.Close()
}
