// Package crds holds the definitions of the product's custom resources.
package crds

import (
	"embed"
	"fmt"
	"io/fs"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

//go:generate go run -C ../../tools/apigen . ../..

//go:embed *.yaml
var files embed.FS

// Files are the definitions as files of YAML.
func Files() fs.FS { return files }

// All returns the definition of every custom resource of the product, by file name, which is group and plural name.
// Every call returns new objects.
func All() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list embedded definitions: %w", err)
	}
	definitions := make([]*apiextensionsv1.CustomResourceDefinition, 0, len(names))
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read embedded definition: %w", err)
		}
		definition := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, definition); err != nil {
			return nil, fmt.Errorf("decode embedded definition %s: %w", name, err)
		}
		definitions = append(definitions, definition)
	}
	return definitions, nil
}
