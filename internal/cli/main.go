package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes of smm.
const (
	exitOK          = 0
	exitFailed      = 1   // the command ran and failed
	exitUsage       = 2   // the command line is wrong; nothing was done
	exitFindings    = 3   // smm analyze has found something that --fail-on names
	exitInterrupted = 130 // stopped by Ctrl-C or SIGTERM
)

// Main runs smm with the arguments after the program's name and returns the exit code of the process.
func Main(build Build, args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once

	app := newApp(build, in, out, errOut)
	root := newRootCommand(app)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)

	var explained explainedError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &explained):
		return explained.code
	case ctx.Err() != nil:
		fmt.Fprintln(errOut, "Interrupted.")
		return exitInterrupted
	case isUsage(app, err):
		fmt.Fprintf(errOut, "Error: %s\nRun '%s --help' for usage.\n", oneLine(err), cmd.CommandPath())
		return exitUsage
	default:
		fmt.Fprintf(errOut, "Error: %s\n", oneLine(err))
		return exitFailed
	}
}

// explainedError ends smm with an exit code and no message of its own: a program that it ran has said what is wrong.
type explainedError struct{ code int }

// Error tells the code, for whoever logs it.
func (e explainedError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// usageError is a mistake in the command line that a command found in its own code.
type usageError struct{ error }

// usageErrorf is for commands that find a mistake in their arguments or flags: exit code 2 and a pointer to --help.
func usageErrorf(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// isUsage tells usage errors from failures: what goes wrong before a command's own code is always usage.
func isUsage(app *App, err error) bool {
	var usage usageError
	return !app.started || errors.As(err, &usage)
}

// oneLine joins the lines of an error, so that it reads as one sentence.
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "; ")
}
