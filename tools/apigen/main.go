// Command apigen generates what follows from the custom resources' Go types: the deep-copy methods beside them, the
// CustomResourceDefinitions in api/crds, and the reference docs/reference/crd.md. Its argument is the repository's root.
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/controller-tools/pkg/deepcopy"
	"sigs.k8s.io/controller-tools/pkg/genall"
)

// Places in the repository, from its root.
const (
	apiPackages   = "./api/..."
	crdDirectory  = "api/crds"
	referenceFile = "docs/reference/crd.md"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: apigen <root of the repository>")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "apigen:", err)
		os.Exit(1)
	}
}

func generate(root string) error {
	if err := os.Chdir(root); err != nil { // the packages are found by the go.mod of the working directory
		return err
	}
	var (
		copies genall.Generator = deepcopy.Generator{}
		crds   genall.Generator = definitions{}
	)
	generators := genall.Generators{&copies, &crds}
	runtime, err := generators.ForRoots(apiPackages)
	if err != nil {
		return fmt.Errorf("load %s: %w", apiPackages, err)
	}
	runtime.OutputRules = genall.OutputRules{Default: genall.OutputArtifacts{Config: "."}}
	if failed := runtime.Run(); failed {
		return fmt.Errorf("the types in %s cannot be generated from", apiPackages)
	}
	return nil
}
