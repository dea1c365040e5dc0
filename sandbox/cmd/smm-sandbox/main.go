// Command smm-sandbox runs local Kubernetes clusters for trying Service Mesh
// Manager: real control planes, with pods as processes.
package main

import (
	"os"

	"github.com/meshmanager/smm/sandbox/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
