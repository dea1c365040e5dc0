package controlplane

import (
	"context"
	"fmt"

	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
)

// unusedControllers serve clouds, volume drivers, device plug-ins and
// migrations, none of which a sandbox has. All others run.
const unusedControllers = "-node-ipam-controller,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller," +
	"-persistentvolume-attach-detach-controller,-persistentvolume-expander-controller,-ephemeral-volume-controller," +
	"-volumeattributesclass-protection-controller,-selinux-warning-controller," +
	"-resourceclaim-controller,-device-taint-eviction-controller,-resourcepoolstatusrequest-controller," +
	"-storageversion-garbage-collector-controller,-storage-version-migrator-controller," +
	"-legacy-serviceaccount-token-cleaner-controller,-ttl-controller"

// manageControllers runs the controller manager until ctx is done.
func manageControllers(ctx context.Context, files Layout) error {
	opts, err := options.NewKubeControllerManagerOptions()
	if err != nil {
		return fmt.Errorf("setting up kube-controller-manager: %w", err)
	}
	known, disabled, aliases := app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases()
	if err := parseFlags("kube-controller-manager", opts.Flags(known, disabled, aliases), controllerManagerFlags(files)); err != nil {
		return err
	}
	if err := opts.ComponentGlobalsRegistry.Set(); err != nil {
		return fmt.Errorf("setting up kube-controller-manager: %w", err)
	}
	config, err := opts.Config(ctx, known, disabled, aliases)
	if err != nil {
		return fmt.Errorf("setting up kube-controller-manager: %w", err)
	}
	if err := app.Run(ctx, config.Complete()); err != nil {
		return fmt.Errorf("running kube-controller-manager: %w", err)
	}
	return nil
}

func controllerManagerFlags(files Layout) []string {
	return []string{
		"--kubeconfig=" + files.componentKubeconfig("controller-manager"),
		"--controllers=*," + unusedControllers,
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
		"--service-account-private-key-file=" + files.serviceAccountKey(),
		"--root-ca-file=" + files.CA().Cert,
		"--cluster-signing-cert-file=" + files.CA().Cert,
		"--cluster-signing-key-file=" + files.CA().Key,
		"--use-service-account-credentials=false",
		"--allocate-node-cidrs=false",
		// The defaults protect an API server from a thousand nodes; here they
		// would only make pods wait.
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
	}
}
