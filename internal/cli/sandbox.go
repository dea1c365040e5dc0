package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"
)

// sandboxStopGrace is how long the sandbox program may take to tidy up after Ctrl-C.
const sandboxStopGrace = 30 * time.Second

const sandboxLong = `The sandbox starts real Kubernetes control planes on this Linux machine, without a container engine and without
root where user namespaces are allowed. Pods run as processes; Istio's control plane and its agent are the real ones,
and the demo application's services talk over Istio's proxyless gRPC. It is for trying and testing, never for production.`

// sandbox runs the program smm-sandbox, which lives beside smm and holds Kubernetes itself.
type sandbox struct {
	app      *App
	stateDir string // empty: the program's own default
}

func newSandboxCommand(app *App) *cobra.Command {
	box := &sandbox{app: app}
	cmd := newCommandGroup("sandbox", "Real Kubernetes clusters on this machine, without containers, to try everything out",
		newSandboxUpCommand(box),
		newSandboxStatusCommand(box),
		newSandboxKubeconfigCommand(box),
		newSandboxKubectlCommand(box),
		newSandboxDownCommand(box),
	)
	cmd.Long = sandboxLong
	cmd.PersistentFlags().StringVar(&box.stateDir, "state-dir", "", "`directory` with the sandbox's state (default $XDG_STATE_HOME/smm/sandbox, or ~/.local/state/smm/sandbox)")
	return cmd
}

func newSandboxUpCommand(box *sandbox) *cobra.Command {
	demo := false
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the sandbox, or resume it, and wait until it is ready",
		Example: `  smm sandbox up --demo          one cluster with the mesh, the demo application and the dashboard
  smm sandbox up --clusters 2    two empty clusters on different networks`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := box.app.Out
			if demo {
				out = io.Discard // the table at the end has it all
			}
			err := box.run(cmd.Context(), out, "up", given(cmd, "clusters", "networks", "host-port-base", "timeout")...)
			if err != nil || !demo {
				return err
			}
			return box.demo(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.Int("clusters", 0, "`number` of clusters (default: as many as last time, or 1)")
	flags.Int("networks", 0, "`number` of networks that the clusters take turns in; pods of a network reach each other (default: one for each cluster)")
	flags.Int("host-port-base", 0, "`port` of the first cluster's API server on 127.0.0.1 (default: that of last time, or a free one)")
	flags.Duration("timeout", 0, "how long to wait for the clusters (default 3m)")
	flags.BoolVar(&demo, "demo", demo, "install the mesh and the demo application in each cluster, and serve the first one's dashboard")
	return cmd
}

// given returns those of a command's flags that were set, as arguments: the program knows the defaults.
func given(cmd *cobra.Command, names ...string) []string {
	var args []string
	for _, name := range names {
		if flag := cmd.Flags().Lookup(name); flag.Changed {
			args = append(args, "--"+name+"="+flag.Value.String())
		}
	}
	return args
}

func newSandboxStatusCommand(box *sandbox) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the clusters of the sandbox and what they use",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return box.run(cmd.Context(), box.app.Out, "status", "--output", string(box.app.Output))
		},
	}
}

func newSandboxKubeconfigCommand(box *sandbox) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "kubeconfig [cluster]",
		Short:   "Print the path of a cluster's kubeconfig file, which works from this machine",
		Example: "  export KUBECONFIG=$(smm sandbox kubeconfig)",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return box.run(cmd.Context(), box.app.Out, "kubeconfig", append(given(cmd, "all"), args...)...)
		},
	}
	cmd.Flags().Bool("all", false, "print the paths of all clusters, one a line")
	return cmd
}

func newSandboxKubectlCommand(box *sandbox) *cobra.Command {
	return &cobra.Command{
		Use:   "kubectl [--cluster <name>] [arguments of kubectl]",
		Short: "Run kubectl, which is built in, on a cluster of the sandbox",
		Example: `  smm sandbox kubectl get pods -A
  smm sandbox kubectl --cluster c2 get nodes`,
		DisableFlagParsing: true, // they are kubectl's
		RunE: func(cmd *cobra.Command, args []string) error {
			return box.run(cmd.Context(), box.app.Out, "kubectl", args...)
		},
	}
}

func newSandboxDownCommand(box *sandbox) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop the sandbox and remove everything it made",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := box.stopServers(cmd.Context()); err != nil {
				box.app.warn("%v", err)
			}
			return box.run(cmd.Context(), box.app.Out, "down", given(cmd, "keep-state")...)
		},
	}
	cmd.Flags().Bool("keep-state", false, "keep the clusters' objects, so that up resumes them")
	return cmd
}

// run executes one command of smm-sandbox with our streams. The program explains its own failures.
func (s *sandbox) run(ctx context.Context, out io.Writer, command string, args ...string) error {
	path, err := sandboxProgram()
	if err != nil {
		return err
	}
	all := []string{command}
	if s.stateDir != "" {
		all = append(all, "--state-dir", s.stateDir)
	}
	cmd := exec.CommandContext(ctx, path, append(all, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.app.In, out, s.app.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = sandboxStopGrace
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return explainedError{exit.ExitCode()}
	}
	return err
}

// sandboxProgram finds smm-sandbox beside the running smm.
func sandboxProgram() (string, error) {
	if runtime.GOOS != "linux" {
		return "", errors.New("the sandbox needs Linux: on this system use any Kubernetes cluster, for example kind, and 'smm install -a'")
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", err
	}
	return besides(self, "smm-sandbox")
}

// besides returns the path of a program in the directory of another.
func besides(program, name string) (string, error) {
	path := filepath.Join(filepath.Dir(program), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is not beside %s in %s: build both with 'make build' in the project's source, then run bin/smm",
			name, filepath.Base(program), filepath.Dir(program))
	}
	return path, nil
}
