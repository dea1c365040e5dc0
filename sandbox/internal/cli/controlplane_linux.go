package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/sandbox/internal/controlplane"
	"github.com/meshmanager/smm/sandbox/internal/world"
)

// newControlPlaneCommand runs a control plane alone: for tests that need a
// real API server, and as the child process of a sandbox's cluster.
func newControlPlaneCommand(a *app) *cobra.Command {
	config := controlplane.Config{Controllers: true}
	var advertise string
	var exitOnStdinClose bool
	var listenFDs []int
	cmd := &cobra.Command{
		Use:   world.ControlPlaneCommand + " --dir DIR",
		Short: "Run a Kubernetes control plane without a node on 127.0.0.1",
		Long: `Run etcd, kube-apiserver, kube-controller-manager and kube-scheduler in this
process until SIGINT or SIGTERM. When the API server is ready, one line
"ready <path of the kubeconfig>" is printed. Running it again with the same
directory resumes the same cluster.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if config.Dir == "" {
				return usageError{errors.New("--dir is needed")}
			}
			if advertise != "" {
				address, err := netip.ParseAddr(advertise)
				if err != nil {
					return usageError{fmt.Errorf("--advertise: %w", err)}
				}
				config.Advertise = address
			}
			for _, fd := range listenFDs {
				listener, err := inheritListener(fd)
				if err != nil {
					return err
				}
				config.Listeners = append(config.Listeners, listener)
			}
			ctx := cmd.Context()
			if exitOnStdinClose {
				ctx = untilEOF(ctx, a.in)
			}
			config.Ready = func(kubeconfig string) { fmt.Fprintln(a.out, "ready", kubeconfig) }
			return controlplane.Run(ctx, config)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&config.Dir, "dir", "", "directory for data, certificates, kubeconfig and log")
	flags.IntVar(&config.Port, "port", 0, "port of the API server (0: that of the last run, or a free one)")
	flags.BoolVar(&config.Controllers, "controllers", true, "run the controller manager and the scheduler")
	flags.BoolVar(&exitOnStdinClose, "exit-on-stdin-close", false, "end when standard input is closed")
	flags.StringVar(&config.Name, "name", "sandbox", "name of the cluster in the kubeconfig")
	flags.StringVar(&advertise, "advertise", "", "one more address to listen on, which pods use to reach the API server")
	flags.TextVar(&config.SecondServiceRange, "second-service-range", netip.Prefix{}, "cluster IPs of the other IP family, which make the cluster dual-stack")
	flags.IntSliceVar(&listenFDs, "listen-fd", nil, "inherited descriptor of a listening socket to serve as well")
	return cmd
}

// untilEOF returns a context that is done when in ends.
func untilEOF(parent context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		defer cancel()
		// However reading ends, whoever held the other end is gone.
		_, _ = io.Copy(io.Discard, in)
	}()
	return ctx
}

func inheritListener(fd int) (net.Listener, error) {
	file := os.NewFile(uintptr(fd), "listener")
	if file == nil {
		return nil, usageError{fmt.Errorf("--listen-fd: %d is no descriptor", fd)}
	}
	defer file.Close()
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, usageError{fmt.Errorf("--listen-fd: %w", err)}
	}
	return listener, nil
}
