package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/sandbox/internal/world"
)

func newKubeconfigCommand(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "kubeconfig [CLUSTER]",
		Short: "Print the path of a cluster's kubeconfig (the first one's by default)",
		Args:  usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all && len(args) > 0 {
				return usageError{fmt.Errorf("name a cluster or say --all, not both")}
			}
			dir, err := stateDir(cmd)
			if err != nil {
				return err
			}
			var paths []string
			if all {
				paths, err = world.Kubeconfigs(dir)
			} else {
				paths = make([]string, 1)
				paths[0], err = world.Kubeconfig(dir, first(args))
			}
			if err != nil {
				return err
			}
			for _, path := range paths {
				fmt.Fprintln(a.out, path)
			}
			return nil
		},
	}
	addStateDir(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "print the paths of all clusters, one a line")
	return cmd
}

// first is the first argument, if there is one.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
