package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/injection"
)

func newSidecarProxyCommand(app *App) *cobra.Command {
	return newCommandGroup("sidecar-proxy", "Set how workloads get their proxies",
		newCommandGroup("auto-inject", "Set automatic sidecar injection of namespaces",
			newAutoInjectOnCommand(app),
			newAutoInjectOffCommand(app),
			newAutoInjectGetCommand(app),
		),
	)
}

func newAutoInjectOnCommand(app *App) *cobra.Command {
	controlPlane := ""
	cmd := &cobra.Command{
		Use:   "on <namespace>",
		Short: "Inject a proxy into new pods of a namespace",
		Long: `Injects a proxy into new pods of a namespace, by the namespace label istio.io/rev=<control plane>.<its namespace>.
Running pods stay as they are: restart them to have them injected.`,
		Example:           "  smm sidecar-proxy auto-inject on test",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeNamespaces(app),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := app.Client(cmd.Context())
			if err != nil {
				return err
			}
			change, err := injection.Enable(cmd.Context(), c, args[0], controlPlane)
			if err != nil {
				return err
			}
			app.warnOfRemovedLabel(change)
			return app.printChange(cmd.Context(), c, change, "auto sidecar injection successfully set to namespace")
		},
	}
	cmd.Flags().StringVar(&controlPlane, "controlplane", "", "`name` of the control plane, where the cluster has more than one")
	return cmd
}

func newAutoInjectOffCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:               "off <namespace>",
		Short:             "Stop injecting a proxy into new pods of a namespace",
		Example:           "  smm sidecar-proxy auto-inject off test",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeNamespaces(app),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := app.Client(cmd.Context())
			if err != nil {
				return err
			}
			change, err := injection.Disable(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			return app.printChange(cmd.Context(), c, change, "auto sidecar injection removed from namespace")
		},
	}
}

func newAutoInjectGetCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:               "get <namespace>",
		Short:             "Show whether new pods of a namespace get a proxy, and from which control plane",
		Example:           "  smm sidecar-proxy auto-inject get test -o json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeNamespaces(app),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := app.Client(cmd.Context())
			if err != nil {
				return err
			}
			setting, err := injection.Get(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			return app.Print(setting, settingTable(setting))
		},
	}
}

func settingTable(setting injection.Setting) Table {
	table := Table{Columns: []string{"NAMESPACE", "AUTO-INJECT", "CONTROL PLANE"}}
	row := []any{setting.Namespace, onOff(setting.Enabled), setting.ControlPlane}
	if setting.Note != "" {
		table.Columns = append(table.Columns, "NOTE")
		row = append(row, setting.Note)
	}
	table.Add(row...)
	return table
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (a *App) warnOfRemovedLabel(change injection.Change) {
	if change.Removed != "" {
		fmt.Fprintf(a.Err, "%s label %s removed: it hides the namespace from the mesh's control planes\n", a.painter(a.Err).warning(), change.Removed)
	}
}

// printChange tells what was set, and reminds of the pods that run already, which a change does not reach.
func (a *App) printChange(ctx context.Context, c client.Client, change injection.Change, sentence string) error {
	setting := change.Setting
	if a.Output != FormatTable {
		return a.Print(setting, Table{})
	}
	fmt.Fprintf(a.Out, "%s %s namespace=%s", a.painter(a.Out).done(), sentence, setting.Namespace)
	if setting.ControlPlane != "" {
		fmt.Fprintf(a.Out, ", control plane=%s", setting.ControlPlane)
	}
	fmt.Fprintln(a.Out)
	if !change.Written {
		return nil
	}
	pods := &corev1.PodList{}
	if err := c.List(ctx, pods, client.InNamespace(setting.Namespace), client.Limit(1)); err != nil {
		return fmt.Errorf("list the pods of namespace %s: %w", setting.Namespace, err)
	}
	if len(pods.Items) > 0 {
		fmt.Fprintf(a.Out, "Running pods stay as they are until they restart: kubectl rollout restart deployment -n %s\n", setting.Namespace)
	}
	return nil
}
