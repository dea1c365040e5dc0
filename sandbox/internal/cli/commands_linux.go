package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/sandbox/internal/world"
)

func addCommands(root *cobra.Command, a *app) {
	root.AddCommand(
		newUpCommand(a),
		newStatusCommand(a),
		newKubeconfigCommand(a),
		newKubectlCommand(),
		newDownCommand(a),
		newControlPlaneCommand(a),
		newSuperviseCommand(a),
		newClusterCommand(a),
	)
}

func isUnsupported(err error) bool { return errors.Is(err, world.ErrUnsupported) }
