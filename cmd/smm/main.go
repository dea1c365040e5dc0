// Command smm installs, connects, upgrades, observes and checks Istio meshes on Kubernetes clusters.
package main

import (
	"os"

	"github.com/meshmanager/smm/internal/cli"
)

// Set by the linker (see Makefile); empty in a plain `go install`, which records the module's version instead.
var version, commit, date string

func main() {
	build := cli.Build{Version: version, Commit: commit, Date: date}
	os.Exit(cli.Main(build, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
