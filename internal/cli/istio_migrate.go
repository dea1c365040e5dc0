package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/internal/migration"
)

// defaultPatience is how long a restarted workload may take to become healthy.
const defaultPatience = 5 * time.Minute

const istioMigrateLong = `Moves namespaces, one after the other, to another control plane: labels the namespace, then restarts its Deployments,
StatefulSets and DaemonSets, one at a time or --max-unavailable at a time. The next one is restarted when those before
it are rolled out, ready, and have their proxies from the new control plane. It stops at the first workload that does
not get there, and says how to go on or back. It can be interrupted and repeated at any point.

Pods that no such workload makes anew are named and left alone. IstioMeshGateways of the namespace get the new control
plane too.

--rollback takes the namespaces back to the control plane that they had before.`

// migrateFlags are the flags of `smm istio migrate`.
type migrateFlags struct {
	to       string
	rollback bool
	dryRun   bool
	options  migration.Options
}

func newIstioMigrateCommand(app *App) *cobra.Command {
	flags := migrateFlags{options: migration.Options{AtOnce: 1, Patience: defaultPatience}}
	cmd := &cobra.Command{
		Use:   "migrate <namespace>... --to <control plane>",
		Short: "Move the workloads of namespaces to another control plane",
		Long:  istioMigrateLong,
		Example: `  smm istio migrate smm-demo --to cp-v131x --dry-run
  smm istio migrate smm-demo --to cp-v131x
  smm istio migrate smm-demo --rollback`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeNamespaces(app),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case (flags.to == "") == !flags.rollback:
				return usageErrorf("say where to: --to <control plane>, or --rollback")
			case flags.options.AtOnce < 1:
				return usageErrorf("--max-unavailable must be at least 1")
			}
			return runIstioMigrate(cmd.Context(), app, args, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.to, "to", "", "`control plane` to move to, such as cp-v131x")
	set.BoolVar(&flags.rollback, "rollback", false, "move back to the control plane before")
	set.BoolVar(&flags.dryRun, "dry-run", false, "show what would be done, and do nothing")
	set.IntVar(&flags.options.AtOnce, "max-unavailable", flags.options.AtOnce, "`number` of workloads that may be restarting at the same time")
	set.DurationVar(&flags.options.Patience, "timeout", flags.options.Patience, "how long a restarted workload may take to become healthy")
	return cmd
}

func runIstioMigrate(ctx context.Context, app *App, namespaces []string, flags migrateFlags) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	scheme, err := api.NewScheme()
	if err != nil {
		return err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	migrator := migration.New(c, flags.options)
	targets := make([]migration.Target, len(namespaces))
	for i, namespace := range namespaces { // all are looked at before the first is touched
		if targets[i], err = migrator.Target(ctx, namespace, flags.to); err != nil {
			return err
		}
	}
	if flags.dryRun {
		return planMigration(ctx, app, migrator, namespaces, targets)
	}
	progress := app.Progress(ctx)
	results := make([]migration.Result, 0, len(namespaces))
	for i, namespace := range namespaces {
		result, err := migrateNamespace(ctx, progress, migrator, namespace, targets[i])
		if err != nil {
			return advise(err, namespaces[i:], flags)
		}
		results = append(results, result)
	}
	table := Table{Columns: []string{"NAMESPACE", "CONTROL PLANE", "RESTARTED", "LEFT"}}
	for _, result := range results {
		table.Add(result.Namespace, result.To, len(result.Restarted), strings.Join(leftLines(result.Left), "; "))
	}
	return app.Print(results, table)
}

func migrateNamespace(ctx context.Context, progress *Progress, migrator *migration.Migrator, namespace string, target migration.Target) (migration.Result, error) {
	step := progress.Step(fmt.Sprintf("Moving namespace %s to %s", namespace, target.Plane.Name))
	result, err := migrator.Run(ctx, namespace, target, step.Update)
	if err != nil {
		step.Fail(errStopped)
		return result, err
	}
	step.Done(fmt.Sprintf("%d workloads restarted", len(result.Restarted)))
	return result, nil
}

// advise adds to a migration that stopped how to go on and how to go back.
func advise(err error, rest []string, flags migrateFlags) error {
	var stopped *migration.StoppedError
	if !errors.As(err, &stopped) {
		return err
	}
	if flags.rollback {
		return fmt.Errorf("%w; to go on, mend it and run `smm istio migrate %s --rollback` again", err, strings.Join(rest, " "))
	}
	return fmt.Errorf("%w; to go on, mend it and run `smm istio migrate %s --to %s` again; to go back, run `smm istio migrate %s --rollback`",
		err, strings.Join(rest, " "), flags.to, stopped.Namespace)
}

func leftLines(left []migration.Left) []string {
	lines := make([]string, len(left))
	for i, one := range left {
		lines[i] = one.Name + ": " + one.Reason
	}
	return lines
}

func planMigration(ctx context.Context, app *App, migrator *migration.Migrator, namespaces []string, targets []migration.Target) error {
	table := Table{Columns: []string{"NAMESPACE", "WHAT", "ACTION"}}
	plans := make([]migration.Plan, 0, len(namespaces))
	for i, namespace := range namespaces {
		plan, err := migrator.Plan(ctx, namespace, targets[i])
		if err != nil {
			return err
		}
		plans = append(plans, plan)
		if plan.From != plan.To {
			table.Add(namespace, "Namespace "+namespace, fmt.Sprintf("label %s instead of %s", plan.To, plan.From))
		}
		for _, gateway := range plan.Gateways {
			table.Add(namespace, "IstioMeshGateway "+gateway, "refer to "+targets[i].Plane.Label())
		}
		for _, workload := range plan.Restart {
			table.Add(namespace, workload, "restart")
		}
		for _, workload := range plan.Moved {
			table.Add(namespace, workload, "nothing: it is there already")
		}
		for _, one := range plan.Left {
			table.Add(namespace, one.Name, "nothing: "+one.Reason)
		}
	}
	return app.Print(plans, table)
}
