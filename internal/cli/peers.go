package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/peers"
	"github.com/meshmanager/smm/internal/telemetry"
)

// peerOptions are the flags that name further clusters of the mesh.
type peerOptions struct {
	kubeconfigs []string
	registry    string
	network     string
}

func (o *peerOptions) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.kubeconfigs, "peer", nil,
		"`name=kubeconfig` of another cluster of the mesh, whose current context is used; may be repeated")
}

// registerRegistry adds the flags for peers that the cluster tells of.
func (o *peerOptions) registerRegistry(flags *pflag.FlagSet) {
	flags.StringVar(&o.registry, "cluster-registry", "", "`namespace` of the cluster registry, whose clusters are served too as they come and go")
	flags.StringVar(&o.network, "network-name", "", "`network` of the cluster, for the addresses of the registry's clusters")
}

// fixed are the peers whose kubeconfigs were given.
func (o *peerOptions) fixed(app *App) ([]peers.Peer, error) {
	var all []peers.Peer
	for _, text := range o.kubeconfigs {
		name, path, found := strings.Cut(text, "=")
		if !found || name == "" || path == "" {
			return nil, usageErrorf("--peer %q: give the cluster's name and its kubeconfig, such as c2=c2.yaml", text)
		}
		of := *app
		of.Kubeconfig, of.Context = path, ""
		config, err := of.RESTConfig()
		if err != nil {
			return nil, fmt.Errorf("--peer %s: %w", name, err)
		}
		all = append(all, peers.Peer{Name: name, Config: config})
	}
	return all, nil
}

// source tells the peers; nil where there are none.
func (o *peerOptions) source(app *App, config *rest.Config) (peers.Source, error) {
	fixed, err := o.fixed(app)
	switch {
	case err != nil:
		return nil, err
	case o.registry != "" && len(fixed) > 0:
		return nil, usageErrorf("give --peer or --cluster-registry, not both")
	case o.registry != "":
		return peers.Registry(config, o.registry, o.network), nil
	case len(fixed) > 0:
		return peers.Fixed(fixed), nil
	}
	return nil, nil
}

// locate finds the metrics of a peer: those of its own Prometheus, through its API server. A backend that somebody else runs
// may have the metrics of other clusters too, so that it is asked only when it is named here.
func locate(ctx context.Context, c *cluster.Cluster) (backend *telemetry.Backend, lack string, err error) {
	endpoint, err := metricsEndpoint(ctx, c.Config())
	if err != nil {
		return nil, "", err
	}
	if endpoint == nil {
		return nil, "its ControlPlane asks for no metrics backend: name one with --prometheus-url, or switch on its component prometheus", nil
	}
	if endpoint.URL != "" {
		return nil, "its metrics are at a backend that may have those of other clusters too: name it with --prometheus-url", nil
	}
	settings, err := throughAPIServer(c.Config(), endpoint)
	if err != nil {
		return nil, "", err
	}
	backend, err = telemetry.NewBackend(c.Name, settings, endpoint.Interval)
	return backend, "", err
}
