// Package cli is the command line of Service Mesh Manager: one file per command, over packages that do the work.
package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// App is what all commands share: the streams they use and the values of the global flags.
type App struct {
	In  io.Reader
	Out io.Writer // results, and nothing else, so that they can be piped
	Err io.Writer // progress, logs and errors

	Kubeconfig     string // path given with -c; empty means KUBECONFIG, then ~/.kube/config
	Context        string // context given with --context; empty means the kubeconfig's current one
	Output         Format
	Verbose        int // how often -v was given
	NonInteractive bool
	NoColor        bool

	Build Build
	Log   *slog.Logger // set when a command starts

	started bool // a command's own code has begun: errors from here on are not about usage
}

// newApp returns an App that writes nothing to the log until a command starts.
func newApp(build Build, in io.Reader, out, err io.Writer) *App {
	return &App{In: in, Out: out, Err: err, Output: FormatTable, Build: build, Log: slog.New(slog.DiscardHandler)}
}

// Interactive tells whether the user can be asked something: both input and messages are on a terminal and
// --non-interactive was not given.
func (a *App) Interactive() bool {
	return !a.NonInteractive && isTerminal(a.In) && isTerminal(a.Err)
}

// start prepares what needs the parsed flags.
func (a *App) start() {
	a.started = true
	a.Log = slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: logLevel(a.Verbose)}))
	routeClientLogs(a.Log)
}

// logLevel turns the number of -v flags into what is logged: progress and errors already tell the rest.
func logLevel(verbose int) slog.Level {
	switch {
	case verbose <= 0:
		return slog.LevelError
	case verbose == 1:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// warn tells of something that is not as it should be and does not stop the command.
func (a *App) warn(format string, args ...any) {
	fmt.Fprintf(a.Err, "%s %s\n", a.painter(a.Err).warning(), fmt.Sprintf(format, args...))
}

// isTerminal tells whether a stream is an interactive terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
