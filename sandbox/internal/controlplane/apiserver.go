package controlplane

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// serveAPI runs the API server on the listener until ctx is done.
func serveAPI(ctx context.Context, c Config, files Layout, listener net.Listener) error {
	opts := options.NewServerRunOptions()
	if err := parseFlags("kube-apiserver", opts.Flags(), apiServerFlags(c, files)); err != nil {
		return err
	}
	opts.SecureServing.Listener = listener
	if err := opts.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return fmt.Errorf("setting up kube-apiserver: %w", err)
	}
	completed, err := opts.Complete(ctx)
	if err != nil {
		return fmt.Errorf("setting up kube-apiserver: %w", err)
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return fmt.Errorf("setting up kube-apiserver: %w", utilerrors.NewAggregate(errs))
	}
	if err := app.Run(ctx, completed); err != nil {
		return fmt.Errorf("running kube-apiserver: %w", err)
	}
	return nil
}

func apiServerFlags(c Config, files Layout) []string {
	serving, frontProxy, kubelet := files.pair("apiserver"), files.pair("front-proxy-client"), files.pair("apiserver-kubelet-client")
	flags := []string{
		"--etcd-servers=unix://" + etcdClients,
		"--tls-cert-file=" + serving.Cert,
		"--tls-private-key-file=" + serving.Key,
		"--client-ca-file=" + files.CA().Cert,
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",

		"--requestheader-client-ca-file=" + files.pair("front-proxy-ca").Cert,
		"--requestheader-allowed-names=" + userFrontProxy,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + frontProxy.Cert,
		"--proxy-client-key-file=" + frontProxy.Key,

		// The address, not the name of a node: nothing resolves the name.
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-certificate-authority=" + files.CA().Cert,
		"--kubelet-client-certificate=" + kubelet.Cert,
		"--kubelet-client-key=" + kubelet.Key,

		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + files.serviceAccountKey(),
		"--service-account-signing-key-file=" + files.serviceAccountKey(),
		"--service-cluster-ip-range=" + c.serviceRanges(),

		// One user on one machine: fair queuing costs start-up time for nothing.
		"--enable-priority-and-fairness=false",
		"--profiling=false",
	}
	if c.Advertise.IsValid() {
		return append(flags, "--advertise-address="+c.Advertise.String(), "--endpoint-reconciler-type=lease")
	}
	// A loopback address is no valid endpoint, so nothing publishes it.
	return append(flags, "--advertise-address="+loopback, "--endpoint-reconciler-type=none")
}

// parseFlags sets options through their flags, which is the components' stable interface.
func parseFlags(component string, sets cliflag.NamedFlagSets, args []string) error {
	flags := pflag.NewFlagSet(component, pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("setting up %s: %w", component, err)
	}
	return nil
}
