package main

import (
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-tools/pkg/crd"
)

const ownPackages = "github.com/meshmanager/smm/"

func isOwn(ident crd.TypeIdent) bool { return strings.HasPrefix(ident.Package.PkgPath, ownPackages) }

// reduceForeign takes two things from the schemas of types that Kubernetes defines: descriptions, which would make up
// two thirds of the definitions and are in Kubernetes' own reference, and defaults, because the API server would write
// them into resources, where a GitOps tool sees them as a difference from what it applied.
func reduceForeign(parser *crd.Parser) {
	for ident, schema := range parser.Schemata {
		if isOwn(ident) {
			continue
		}
		crd.EditSchema(&schema, reducer{})
		parser.Schemata[ident] = schema
	}
}

type reducer struct{}

func (r reducer) Visit(schema *apiextensionsv1.JSONSchemaProps) crd.SchemaVisitor {
	if schema == nil {
		return r
	}
	schema.Description = ""
	schema.Default = nil
	return r
}
