package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/demoapp"
)

const (
	// demoTimeout bounds the installation of the mesh and the demo application in all clusters.
	demoTimeout = 10 * time.Minute
	// trafficTimeout is how long after its pods are ready every workload must have been called.
	trafficTimeout = 2 * time.Minute
	// trafficInterval is over how long requests per second are measured.
	trafficInterval = 2 * time.Second
)

// demoSettings are what the mesh of the demo has besides the defaults.
const demoSettings = `
spec:
  smm:
    enabled: true
    prometheus: {enabled: true}
`

// demoCluster is one cluster of the sandbox with the mesh and the demo application, as `up --demo` prints it.
type demoCluster struct {
	installedMesh
	Kubeconfig string                    `json:"kubeconfig"`
	Workloads  []demoapp.WorkloadTraffic `json:"workloads"`
}

// demo installs the mesh and the demo application in each cluster and prints what runs there.
func (s *sandbox) demo(ctx context.Context) error {
	var paths bytes.Buffer
	if err := s.run(ctx, &paths, "kubeconfig", "--all"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, demoTimeout, fmt.Errorf("not ready within %s", demoTimeout))
	defer cancel()
	kubeconfigs := strings.Fields(paths.String())
	clusters := make([]demoCluster, len(kubeconfigs))
	progress := s.app.Progress(ctx)
	group, installing := errgroup.WithContext(ctx)
	for i, path := range kubeconfigs {
		group.Go(func() (err error) {
			clusters[i], err = installDemoCluster(installing, s.app.on(path), progress, len(kubeconfigs) > 1)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	step := progress.Step("Starting the dashboard")
	server, err := s.startServer(ctx, kubeconfigs[0])
	if err != nil {
		step.Fail(err)
		return err
	}
	step.Done(server.url())
	return s.printDemo(clusters, server)
}

// on returns a copy of the app that works on the current context of another kubeconfig.
func (a *App) on(kubeconfig string) *App {
	other := *a
	other.Kubeconfig, other.Context = kubeconfig, ""
	return &other
}

func installDemoCluster(ctx context.Context, app *App, progress *Progress, several bool) (demoCluster, error) {
	cluster := demoCluster{Kubeconfig: app.Kubeconfig}
	config, err := app.Connect(ctx)
	if err != nil {
		return cluster, err
	}
	settings, err := installSettings(app, installFlags{})
	if err != nil {
		return cluster, err
	}
	settings.Additional = []byte(demoSettings)
	if several {
		progress = progress.About(settings.DiscoveredClusterName)
	}
	if cluster.installedMesh, err = installMesh(ctx, app, progress, config, settings); err != nil {
		return cluster, err
	}
	cluster.Workloads, err = startDemoApp(ctx, progress, config)
	return cluster, err
}

// startDemoApp installs the demo application and returns its traffic once every workload is called.
func startDemoApp(ctx context.Context, progress *Progress, config *rest.Config) ([]demoapp.WorkloadTraffic, error) {
	application, err := demoapp.New(config)
	if err != nil {
		return nil, err
	}
	if _, err := installDemoapp(ctx, progress, application, demoapp.Wanted{Replicas: 1}, true, alone); err != nil {
		return nil, err
	}
	step := progress.Step("Waiting for traffic")
	traffic, err := awaitTraffic(ctx, application, step)
	if err != nil {
		step.Fail(err)
		return nil, err
	}
	step.Done("every workload is called")
	return traffic, nil
}

// awaitTraffic measures until every workload that should be called is called.
func awaitTraffic(ctx context.Context, application *demoapp.Application, step *Step) ([]demoapp.WorkloadTraffic, error) {
	ctx, cancel := context.WithTimeout(ctx, trafficTimeout)
	defer cancel()
	idle := []string{"the demo application"}
	for {
		traffic, err := application.Traffic(ctx, demoapp.DefaultNamespace, trafficInterval)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("no requests reached %s within %s", strings.Join(idle, ", "), trafficTimeout)
		}
		if err != nil {
			return nil, err
		}
		if idle = idleWorkloads(traffic); len(idle) == 0 {
			return traffic, nil
		}
		step.Update("no requests yet to " + strings.Join(idle, ", "))
	}
}

// idleWorkloads names the workloads that nobody called, except the one that nobody is meant to call.
func idleWorkloads(traffic []demoapp.WorkloadTraffic) []string {
	var idle []string
	for _, workload := range traffic {
		called := workload.RequestsPerSecond > 0 || workload.ConnectionsPerSecond > 0
		if !called && workload.Workload != demoapp.LoadGenerator {
			idle = append(idle, workload.Workload)
		}
	}
	return idle
}
