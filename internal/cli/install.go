package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/platform"
)

// defaultInstallTimeout is how long an installation may take; pulling images is the longest part.
const defaultInstallTimeout = 10 * time.Minute

const installLong = `Installs Istio and Service Mesh Manager on the cluster of the current context and waits until everything is
available. It can be repeated at any time: what is as it should be is not touched.

With -a it installs all components. Without, it asks what to install, on a terminal; set ACCESSIBLE=1 for questions as
plain lines of text.

A cluster name that Kubernetes or Istio would not accept is converted: "_", "." and ":" become "-", and what is
longer than 63 characters is cut.`

// installFlags are the flags of `smm install`.
type installFlags struct {
	all            bool
	dumpResources  bool
	clusterName    string
	anonymousAuth  bool
	platform       string
	istioNamespace string
	istioCRFile    string
	additional     string
	chartSources   []string
	timeout        time.Duration
}

func newInstallCommand(app *App) *cobra.Command {
	flags := installFlags{timeout: defaultInstallTimeout}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install Istio and Service Mesh Manager on the cluster",
		Long:  installLong,
		Example: `  smm install -a                                  install everything
  smm install -a --cluster-name prod-eu           give the cluster a name of its own in the mesh
  smm install                                     answer questions about what to install
  smm install -a --istio-cr-file istio.yaml       lay an IstioControlPlane's settings over the defaults
  smm install -a --additional-cp-settings cp.yaml lay a ControlPlane's settings over the defaults
  smm install -a --dump-resources > mesh.yaml     print what would be applied`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runInstall(cmd.Context(), app, flags)
		},
	}
	set := cmd.Flags()
	set.BoolVarP(&flags.all, "all", "a", false, "install all components")
	set.BoolVar(&flags.dumpResources, "dump-resources", false, "print the resources as YAML instead of applying them")
	set.StringVar(&flags.clusterName, "cluster-name", "", "`name` of the cluster in the mesh (default: the kubeconfig's, converted)")
	set.BoolVar(&flags.anonymousAuth, "anonymous-auth", false, "let everybody use the dashboard without logging in; for test environments")
	set.StringVar(&flags.istioNamespace, "istio-namespace", "", "`namespace` to install Istio to (default: "+istio.DefaultNamespace+")")
	set.StringVar(&flags.istioCRFile, "istio-cr-file", "", "`file` with an IstioControlPlane whose settings are laid over the defaults")
	set.StringVar(&flags.platform, "platform", "", "Kubernetes `distribution`, where it needs settings of its own: openshift")
	set.StringVar(&flags.additional, "additional-cp-settings", "", "`file` with a ControlPlane, or parts of one, whose settings are laid over the defaults")
	addChartSourceFlag(set, &flags.chartSources)
	set.DurationVar(&flags.timeout, "timeout", flags.timeout, "how long to wait until everything is available")
	return cmd
}

// installedMesh is what `smm install` prints when it is done.
type installedMesh struct {
	ClusterName    string `json:"clusterName"`
	IstioVersion   string `json:"istioVersion"`
	ControlPlane   string `json:"controlPlane"`
	Namespace      string `json:"namespace"`
	InjectionLabel string `json:"injectionLabel"`
}

// errRefused and errStopped end a line of progress; the command's error says why.
var (
	errRefused = errors.New("refused")
	errStopped = errors.New("stopped")
)

func runInstall(ctx context.Context, app *App, flags installFlags) error {
	choice := everything()
	if !flags.all {
		if !app.Interactive() {
			return usageErrorf("say what to install: -a installs all components")
		}
		var err error
		if choice, err = app.askWhatToInstall(ctx); err != nil {
			return err
		}
	}
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	settings, err := installSettings(app, flags)
	if err != nil {
		return err
	}
	settings.WithoutIstio = !choice.istio
	if flags.dumpResources {
		return dumpInstallation(ctx, app, config, settings)
	}
	if err := refuseWhenOperated(ctx, config); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, flags.timeout, fmt.Errorf("not available within %s", flags.timeout))
	defer cancel()
	progress := app.Progress(ctx)
	done, err := installMesh(ctx, app, progress, config, settings)
	if err != nil {
		return err
	}
	if choice.demo {
		if err := installChosenDemo(ctx, progress, config); err != nil {
			return err
		}
	}
	table := Table{Columns: []string{"CLUSTER", "ISTIO", "CONTROL PLANE", "NAMESPACE", "INJECTION LABEL"}}
	table.Add(done.ClusterName, done.IstioVersion, done.ControlPlane, done.Namespace, done.InjectionLabel)
	return app.Print(done, table)
}

// installSettings turns flags, files and the kubeconfig into settings.
func installSettings(app *App, flags installFlags) (platform.Settings, error) {
	settings := platform.Settings{
		ClusterName: flags.clusterName, AnonymousAuth: flags.anonymousAuth, IstioNamespace: flags.istioNamespace,
		Platform: smmv1alpha1.Platform(flags.platform),
	}
	if settings.Platform != "" && settings.Platform != smmv1alpha1.PlatformOpenShift {
		return settings, usageErrorf("--platform %q is unknown: give %s, or leave it out", flags.platform, smmv1alpha1.PlatformOpenShift)
	}
	fromKubeconfig, err := app.ClusterName()
	if err != nil {
		return settings, err
	}
	settings.DiscoveredClusterName = platform.DiscoveredClusterName(fromKubeconfig)
	if settings.ChartSources, err = readChartSources(flags.chartSources); err != nil {
		return settings, err
	}
	if flags.istioCRFile != "" {
		if settings.IstioControlPlane, err = os.ReadFile(flags.istioCRFile); err != nil {
			return settings, fmt.Errorf("--istio-cr-file: %w", err)
		}
	}
	if flags.additional != "" {
		if settings.Additional, err = os.ReadFile(flags.additional); err != nil {
			return settings, fmt.Errorf("--additional-cp-settings: %w", err)
		}
	}
	return settings, nil
}

// installMesh installs the mesh on one cluster and shows how far it is.
func installMesh(ctx context.Context, app *App, progress *Progress, config *rest.Config, settings platform.Settings) (installedMesh, error) {
	installer, err := newInstaller(app, config, settings.ChartSources...)
	if err != nil {
		return installedMesh{}, err
	}
	if installer, err = leftToOperator(ctx, config, installer); err != nil {
		return installedMesh{}, err
	}
	step := progress.Step("Checking the cluster")
	prepared, err := installer.Prepare(ctx, settings)
	if err != nil {
		step.Fail(errRefused)
		return installedMesh{}, err
	}
	plan := prepared.Plan
	step.Done(fmt.Sprintf("%s, Kubernetes %s", plan.ClusterName, prepared.Facts.KubernetesVersion))

	what := "Istio " + plan.Release.Version
	if settings.WithoutIstio {
		what = "Service Mesh Manager"
	}
	step = progress.Step("Installing " + what)
	components := newComponentProgress(progress, step)
	if err := prepared.Install(ctx, components.show); err != nil {
		components.fail()
		return installedMesh{}, err
	}
	if settings.WithoutIstio {
		components.done("installed without Istio")
		return installedMesh{ClusterName: plan.ClusterName}, nil
	}
	components.done(fmt.Sprintf("%s is available", plan.Revision.Name))
	return installedMesh{
		ClusterName:    plan.ClusterName,
		IstioVersion:   plan.Release.Version,
		ControlPlane:   plan.Revision.Name,
		Namespace:      plan.Revision.Namespace,
		InjectionLabel: istio.RevisionLabel + "=" + plan.Revision.Label(),
	}, nil
}

func dumpInstallation(ctx context.Context, app *App, config *rest.Config, settings platform.Settings) error {
	installer, err := newInstaller(app, config, settings.ChartSources...)
	if err != nil {
		return err
	}
	prepared, err := installer.Prepare(ctx, settings)
	if err != nil {
		return err
	}
	return dumpObjects(app, prepared.Objects())
}

// newInstaller returns an Installer for the cluster of the configuration, which knows further chart sources than those
// that the ControlPlanes of the cluster name.
func newInstaller(app *App, config *rest.Config, sources ...smmv1alpha1.ChartSource) (*platform.Installer, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	server, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return platform.NewInstaller(c, server, app.releases(c, sources...), app.Log), nil
}
