package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

//go:generate go run ./reference ../../docs/reference/cli

const rootLong = `smm installs, connects, upgrades, observes and checks Istio meshes on Kubernetes clusters.

It works on the cluster of your kubeconfig's current context. Every action ends in plain Kubernetes and
Istio resources, which stay editable by hand. No cluster at hand? 'smm sandbox up --demo' starts one here.`

// newRootCommand builds the whole command tree. A new command is one more line here.
func newRootCommand(app *App) *cobra.Command {
	root := &cobra.Command{
		Use:           "smm",
		Short:         "Service Mesh Manager: Istio meshes over one or many clusters",
		Long:          rootLong,
		Version:       app.Build.String(),
		SilenceErrors: true, // Main prints them, once
		SilenceUsage:  true,
	}
	root.SetIn(app.In)
	root.SetOut(app.Out)
	root.SetErr(app.Err)
	root.SetVersionTemplate("Service Mesh Manager CLI version {{.Version}}\n")
	addGlobalFlags(app, root)

	addGroup(root, "mesh", "The mesh:",
		newInstallCommand(app),
		newUninstallCommand(app),
		newReconcileCommand(app),
		newOperatorCommand(app),
		newMeshCommand(app),
		newIstioCommand(app),
		newServerCommand(app),
		newDashboardCommand(app),
		newLoginCommand(app),
		newConfigCommand(app),
		newTopologyCommand(app),
		newTopCommand(app),
		newAnalyzeCommand(app),
	)
	addGroup(root, "workloads", "Workloads in the mesh:",
		newSidecarProxyCommand(app),
	)
	addGroup(root, "try", "Try it on this machine:",
		newSandboxCommand(app),
		newDemoappCommand(app),
	)
	prepare(app, root)
	return root
}

func addGlobalFlags(app *App, root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVarP(&app.Kubeconfig, "kubeconfig", "c", "", "path of the kubeconfig `file` (default: $KUBECONFIG, then ~/.kube/config)")
	flags.StringVar(&app.Context, "context", "", "`name` of the kubeconfig context (default: the current one)")
	flags.VarP(&app.Output, "output", "o", "output `format`: table, json or yaml")
	flags.CountVarP(&app.Verbose, "verbose", "v", "log what is done to the standard error; -vv logs details")
	flags.BoolVar(&app.NonInteractive, "non-interactive", false, "never ask before removing something (automatic without a terminal)")
	flags.BoolVar(&app.NoColor, "no-color", false, "no colours and no spinner (automatic without a terminal)")
	registerGlobalCompletions(app, root)
}

// addGroup adds commands under one heading of the help text.
func addGroup(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, command := range commands {
		command.GroupID = id
		root.AddCommand(command)
	}
}

// newCommandGroup returns a command that only holds others, and says so when one of them is missing or unknown.
func newCommandGroup(use, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use:   use,
		Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	group.AddCommand(commands...)
	return group
}

// prepare lets every command of the tree start the same way, whatever hooks it has of its own.
func prepare(app *App, cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			app.start()
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		prepare(app, sub)
	}
}
