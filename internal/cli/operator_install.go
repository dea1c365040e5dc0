package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/operator/chart"
	"github.com/meshmanager/smm/internal/operator/installation"
	"github.com/meshmanager/smm/internal/platform"
)

const operatorInstallLong = `Installs the operator, waits until it runs, applies a ControlPlane and waits until the operator has made it come true.

The ControlPlane is the one of --from-file, or the one that is on the cluster already, which is left as it is: a mesh
that 'smm install' or 'smm reconcile' made goes over to the operator without anything of it being made anew. Where there
is none, it is the one that 'smm install -a' would write.

From then on the commands install, uninstall and reconcile are refused on the cluster: change the ControlPlane instead.`

// operatorInstallFlags are the flags of `smm operator install`.
type operatorInstallFlags struct {
	installFlags

	namespace    string
	values       string
	file         string
	operatorOnly bool
}

func newOperatorInstallCommand(app *App) *cobra.Command {
	flags := operatorInstallFlags{namespace: chart.Namespace}
	flags.timeout = defaultInstallTimeout
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install the operator, which then keeps the mesh",
		Long:  operatorInstallLong,
		Example: `  smm operator install                                   the operator and the mesh
  smm operator install --from-file control-plane.yaml    with a ControlPlane of your own
  smm operator install --operator-only                   the operator; the ControlPlane comes from Git
  smm operator install --dump-resources > operator.yaml  print what would be applied`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runOperatorInstall(cmd.Context(), app, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.namespace, "namespace", flags.namespace, "`namespace` of the operator")
	set.StringVar(&flags.values, "values", "", "`file` with values of the operator's chart")
	set.StringVar(&flags.file, "from-file", "", "`file` with the ControlPlane to apply")
	set.BoolVar(&flags.operatorOnly, "operator-only", false, "apply no ControlPlane and wait for none")
	set.BoolVar(&flags.dumpResources, "dump-resources", false, "print the resources as YAML instead of applying them")
	set.StringVar(&flags.clusterName, "cluster-name", "", "`name` of the cluster in the mesh (default: the kubeconfig's, converted)")
	set.StringVar(&flags.platform, "platform", "", "Kubernetes `distribution`, where it needs settings of its own: openshift")
	set.StringVar(&flags.additional, "additional-cp-settings", "", "`file` with a ControlPlane, or parts of one, whose settings are laid over the defaults")
	set.DurationVar(&flags.timeout, "timeout", flags.timeout, "how long to wait until everything is available")
	cmd.MarkFlagsMutuallyExclusive("operator-only", "from-file")
	for _, setting := range []string{"cluster-name", "platform", "additional-cp-settings"} {
		cmd.MarkFlagsMutuallyExclusive("from-file", setting)
		cmd.MarkFlagsMutuallyExclusive("operator-only", setting)
	}
	return cmd
}

// operatorInstallation is what `smm operator install` prints when it is done.
type operatorInstallation struct {
	Namespace    string `json:"namespace"`
	ControlPlane string `json:"controlPlane,omitempty"`
	Status       string `json:"status,omitempty"`
}

func runOperatorInstall(ctx context.Context, app *App, flags operatorInstallFlags) error {
	settings, err := operatorSettings(flags)
	if err != nil {
		return err
	}
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	if settings.KubernetesVersion, err = kubernetesVersion(config); err != nil {
		return err
	}
	mesh, err := newInstaller(app, config)
	if err != nil {
		return err
	}
	mesh = mesh.Operated()
	ctx, cancel := context.WithTimeoutCause(ctx, flags.timeout, fmt.Errorf("not available within %s", flags.timeout))
	defer cancel()
	prepared, err := prepareOperated(ctx, app, mesh, flags)
	if err != nil {
		return err
	}
	if flags.dumpResources {
		return dumpOperator(app, settings, prepared)
	}
	progress := app.Progress(ctx)
	if err := installOperator(ctx, app, progress, config, settings); err != nil {
		return err
	}
	done := operatorInstallation{Namespace: settings.Namespace}
	if !flags.operatorOnly {
		if err := awaitMesh(ctx, progress, mesh, prepared); err != nil {
			return err
		}
		done.ControlPlane, done.Status = platform.ControlPlaneName, string(smmv1alpha1.StatusSucceeded)
		if prepared != nil {
			done.ControlPlane = prepared.ControlPlane.Name
		}
	}
	table := Table{Columns: []string{"OPERATOR", "CONTROL PLANE", "STATUS"}}
	table.Add(done.Namespace+"/"+chart.Name, done.ControlPlane, done.Status)
	return app.Print(done, table)
}

// operatorSettings turns the flags about the operator itself into settings.
func operatorSettings(flags operatorInstallFlags) (installation.Settings, error) {
	settings := installation.Settings{Namespace: flags.namespace}
	if flags.values == "" {
		return settings, nil
	}
	document, err := os.ReadFile(flags.values)
	if err == nil {
		err = yaml.UnmarshalStrict(document, &settings.Values)
	}
	if err != nil {
		return settings, fmt.Errorf("--values: %w", err)
	}
	return settings, nil
}

// prepareOperated checks the ControlPlane that is to be applied, nil when there is none to apply.
func prepareOperated(ctx context.Context, app *App, mesh *platform.Installer, flags operatorInstallFlags) (*platform.Prepared, error) {
	if flags.operatorOnly {
		return nil, nil
	}
	cp, err := readControlPlane(flags.file)
	if err != nil {
		return nil, err
	}
	if cp != nil {
		return mesh.PrepareControlPlane(ctx, cp)
	}
	installed, err := mesh.Installed(ctx, platform.ControlPlaneName)
	if err != nil {
		return nil, err
	}
	if installed {
		if flags.clusterName != "" || flags.platform != "" || flags.additional != "" {
			return nil, errors.New("ControlPlane smm is on the cluster already: change it with --from-file, or with kubectl, and leave the other settings out")
		}
		return nil, nil
	}
	settings, err := installSettings(app, flags.installFlags)
	if err != nil {
		return nil, err
	}
	return mesh.Prepare(ctx, settings)
}

func dumpOperator(app *App, settings installation.Settings, prepared *platform.Prepared) error {
	objects, err := installation.Objects(settings)
	if err != nil {
		return err
	}
	if prepared != nil {
		desired, err := platform.Desired(prepared.ControlPlane)
		if err != nil {
			return err
		}
		objects = append(objects, desired)
	}
	return dumpObjects(app, objects)
}

func installOperator(ctx context.Context, app *App, progress *Progress, config *rest.Config, settings installation.Settings) error {
	installer, err := newOperatorInstaller(app, config)
	if err != nil {
		return err
	}
	step := progress.Step("Installing the operator")
	if err := installer.Install(ctx, settings, step.Update); err != nil {
		step.Fail(errStopped)
		return err
	}
	step.Done(settings.Namespace + "/" + chart.Name + " is available")
	return nil
}

// awaitMesh applies the ControlPlane, if there is one to apply, and waits for what the operator makes of it.
func awaitMesh(ctx context.Context, progress *Progress, mesh *platform.Installer, prepared *platform.Prepared) error {
	step := progress.Step("The operator reconciles")
	components := newComponentProgress(progress, step)
	install := func() error { return mesh.Reconcile(ctx, platform.ControlPlaneName, components.show) }
	if prepared != nil {
		install = func() error { return prepared.Install(ctx, components.show) }
	}
	if err := install(); err != nil {
		components.fail()
		return err
	}
	components.done("everything is as the ControlPlane says")
	return nil
}

func newOperatorInstaller(app *App, config *rest.Config) (*installation.Installer, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return installation.NewInstaller(c, app.Log), nil
}

func kubernetesVersion(config *rest.Config) (string, error) {
	server, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", fmt.Errorf("connect to the cluster: %w", err)
	}
	version, err := server.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("read the Kubernetes version: %w", err)
	}
	return version.GitVersion, nil
}
