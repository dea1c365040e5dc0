// Command reference writes the documentation of smm's commands into the directory given.
package main

import (
	"fmt"
	"os"

	"github.com/meshmanager/smm/internal/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reference <directory>")
		os.Exit(2)
	}
	if err := cli.WriteReference(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
