package controlplane

import (
	"context"
	"fmt"

	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// schedule runs the scheduler until ctx is done.
func schedule(ctx context.Context, files Layout) error {
	opts := options.NewOptions()
	if err := parseFlags("kube-scheduler", *opts.Flags, schedulerFlags(files)); err != nil {
		return err
	}
	if err := opts.ComponentGlobalsRegistry.Set(); err != nil {
		return fmt.Errorf("setting up kube-scheduler: %w", err)
	}
	config, scheduler, err := app.Setup(ctx, opts)
	if err != nil {
		return fmt.Errorf("setting up kube-scheduler: %w", err)
	}
	// It says that it finished when it is told to: that is no failure.
	if err := app.Run(ctx, config, scheduler); err != nil && ctx.Err() == nil {
		return fmt.Errorf("running kube-scheduler: %w", err)
	}
	return nil
}

func schedulerFlags(files Layout) []string {
	return []string{
		"--kubeconfig=" + files.componentKubeconfig("scheduler"),
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
	}
}
