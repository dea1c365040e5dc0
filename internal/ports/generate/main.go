// Command generate writes the inventory of open ports into the file given.
package main

import (
	"fmt"
	"os"

	"github.com/meshmanager/smm/internal/ports"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate <file>")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(path string) error {
	listeners, err := ports.OfInstallation()
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(ports.Markdown(listeners)), 0o644)
}
