// Package cli holds the commands of smm-sandbox, one a file.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes of the program.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitUnsupported = 3
)

// app is what every command works with.
type app struct {
	in       io.Reader
	out, err io.Writer
}

// Main runs the command that args name and returns the exit code: 0 done, 1
// failed, 2 called wrongly, 3 the sandbox cannot run on this machine.
func Main(args []string, in io.Reader, out, err io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := newRoot(&app{in: in, out: out, err: err})
	root.SetArgs(args)
	return exitCode(err, root.ExecuteContext(ctx))
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "smm-sandbox",
		Short: "Local Kubernetes clusters for trying Service Mesh Manager",
		Long: `Local Kubernetes clusters for trying Service Mesh Manager, without a container
engine: each has a real control plane, and a node that runs pods as processes.`,
		Args:          usage(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	addCommands(root, a)
	return root
}

// usageError marks that the program was called wrongly.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exitCode reports err once and says with what code the program ends.
func exitCode(out io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintf(out, "Error: %v\n", err)
	}
	switch {
	case errors.As(err, new(usageError)):
		return exitUsage
	case isUnsupported(err):
		return exitUnsupported
	}
	return exitError
}

// errSilent fails a command whose output said why already.
var errSilent = errors.New("failed")

// usage turns what cobra says of wrong arguments into a usage error.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
