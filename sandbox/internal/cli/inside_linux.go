package cli

import (
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/sandbox/internal/world"
	"github.com/meshmanager/smm/sandbox/internal/world/inside"
	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// newSuperviseCommand is what up starts in the background.
func newSuperviseCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     world.SuperviseCommand,
		Hidden:  true,
		Args:    usage(cobra.NoArgs),
		PreRunE: isolated,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := stateDir(cmd)
			if err != nil {
				return err
			}
			listeners, err := world.Listeners(dir)
			if err != nil {
				return err
			}
			return inside.Supervisor{
				Dir:       dir,
				Listeners: listeners,
				Report:    os.NewFile(world.ReportFD, "report"),
				Log:       slog.New(slog.NewTextHandler(a.err, nil)),
			}.Run(cmd.Context())
		},
	}
	addStateDir(cmd)
	return cmd
}

// newClusterCommand is what the supervisor starts for each cluster.
func newClusterCommand(a *app) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:     world.ClusterCommand,
		Hidden:  true,
		Args:    usage(cobra.NoArgs),
		PreRunE: isolated,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := stateDir(cmd)
			if err != nil {
				return err
			}
			cluster, err := layout.ParseCluster(name)
			if err != nil {
				return usageError{err}
			}
			return inside.ClusterProcess{
				Dir:       dir,
				Cluster:   cluster,
				Listener:  os.NewFile(inside.ClusterListenerFD, "listener"),
				Connected: a.in,
				Log:       slog.New(slog.NewTextHandler(a.err, nil)),
			}.Run(cmd.Context())
		},
	}
	addStateDir(cmd)
	cmd.Flags().StringVar(&name, "cluster", "", "name of the cluster")
	return cmd
}

// isolated refuses a command that changes mounts outside of namespaces of its own.
func isolated(*cobra.Command, []string) error {
	if os.Getpid() != 1 {
		return usageError{errors.New("this command is for the sandbox's own use")}
	}
	return nil
}
