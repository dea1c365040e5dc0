package cli

import "github.com/spf13/cobra"

func newIstioCommand(app *App) *cobra.Command {
	return newCommandGroup("istio", "Look after the Istio control planes of the cluster",
		newIstioVersionsCommand(app),
		newIstioRevisionsCommand(app),
		newIstioMigrateCommand(app),
		newIstioUninstallCommand(app),
		newIstioClusterCommand(app),
		newIstioOutboundCommand(app),
	)
}
