//go:build !linux

package cli

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

var errNotLinux = fmt.Errorf("the sandbox needs Linux, and this is %s: use another cluster, for instance `kind create cluster` and then `smm install -a`", runtime.GOOS)

// addCommands lets every command say that there is none.
func addCommands(root *cobra.Command, _ *app) {
	root.DisableFlagParsing = true
	root.Args = cobra.ArbitraryArgs
	root.RunE = func(*cobra.Command, []string) error { return errNotLinux }
}

func isUnsupported(err error) bool { return errors.Is(err, errNotLinux) }
