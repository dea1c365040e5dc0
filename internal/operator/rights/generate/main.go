// Command generate writes what the operator's chart has from the code into the chart's directory:
// the custom resource definitions and the rules of the operator's ClusterRole.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/internal/operator/rights"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate <directory of the chart>")
		os.Exit(2)
	}
	if err := errors.Join(writeDefinitions(os.Args[1]), writeRules(os.Args[1])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// writeDefinitions copies the definitions as they are, and removes those that are no more.
func writeDefinitions(chart string) error {
	directory := filepath.Join(chart, "crds")
	if err := os.RemoveAll(directory); err != nil {
		return err
	}
	return os.CopyFS(directory, crds.Files())
}

func writeRules(chart string) error {
	rules, err := rights.Rules()
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(rules)
	if err != nil {
		return err
	}
	head := "# Generated from the code by `make generate`. Do not edit.\n"
	return os.WriteFile(filepath.Join(chart, "files", "rules.yaml"), append([]byte(head), text...), 0o644)
}
