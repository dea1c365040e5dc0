//go:build linux

package inside

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshmanager/smm/sandbox/internal/controlplane"
	"github.com/meshmanager/smm/sandbox/internal/node"
	"github.com/meshmanager/smm/sandbox/internal/service"
	"github.com/meshmanager/smm/sandbox/internal/world"
	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// ClusterListenerFD is where a cluster's process finds its API server's listener on the host.
const ClusterListenerFD = 3

// ClusterProcess says which cluster to run.
type ClusterProcess struct {
	Dir     layout.Dir
	Cluster layout.Cluster
	// Listener is the API server's on the host.
	Listener *os.File
	// Connected ends when the link to the other clusters is there.
	Connected io.Reader
	Log       *slog.Logger
}

// Run makes the cluster's network and runs its control plane, node and Services
// until ctx ends. The calling process must be the first in its namespaces.
func (p ClusterProcess) Run(ctx context.Context) error {
	if err := p.prepare(); err != nil {
		return err
	}
	ready := make(chan struct{})
	var once sync.Once
	var parts sync.WaitGroup
	parts.Go(func() {
		keep(ctx, p.Log, "the control plane", func(ctx context.Context) error {
			plane := controlPlane{dir: p.Dir, cluster: p.Cluster, host: p.Listener}
			return plane.run(ctx, func() { once.Do(func() { close(ready) }) })
		})
	})
	select {
	case <-ready:
		if err := p.runParts(ctx, &parts); err != nil {
			return err
		}
	case <-ctx.Done():
	}
	parts.Wait()
	return nil
}

func (p ClusterProcess) prepare() error {
	if err := ownMounts(); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, p.Connected); err != nil {
		return fmt.Errorf("waiting for the link to other clusters: %w", err)
	}
	topology, err := world.ReadTopology(p.Dir)
	if err != nil {
		return err
	}
	if err := makeClusterNetwork(p.Cluster, topology); err != nil {
		return fmt.Errorf("making the cluster's network: %w", err)
	}
	if err := masquerade(topology.PodRange(p.Cluster)); err != nil {
		p.Log.Warn("pods of this cluster reach others only through this kernel's NAT, which it lacks", "error", err)
	}
	return nil
}

// runParts starts what needs the API server. It outlives restarts of that.
func (p ClusterProcess) runParts(ctx context.Context, parts *sync.WaitGroup) error {
	files := controlplane.Layout{Dir: p.Dir.ControlPlane(p.Cluster)}
	if err := p.writeKubeconfig(files); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", files.Kubeconfig())
	if err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	// The defaults protect a server of many clients; here they would make pods wait.
	config.QPS, config.Burst = 500, 1000
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	parts.Go(func() {
		keep(ctx, p.Log, "the node", func(ctx context.Context) error { return p.runNode(ctx, config, files) })
	})
	parts.Go(func() {
		keep(ctx, p.Log, "the Services", func(ctx context.Context) error { return p.runServices(ctx, client) })
	})
	return nil
}

// writeKubeconfig writes the one for use from the host.
func (p ClusterProcess) writeKubeconfig(files controlplane.Layout) error {
	listener, err := net.FileListener(p.Listener)
	if err != nil {
		return fmt.Errorf("finding the API server's port on the host: %w", err)
	}
	defer listener.Close()
	server := "https://" + listener.Addr().String()
	return controlplane.WriteKubeconfig(p.Dir.Kubeconfig(p.Cluster), p.Cluster.Name(), server, files.CA().Cert, files.Admin())
}

func (p ClusterProcess) runServices(ctx context.Context, client kubernetes.Interface) error {
	topology, err := world.ReadTopology(p.Dir)
	if err != nil {
		return err
	}
	return service.Run(ctx, service.Config{
		Client:     client,
		APIServer:  layout.APIServerAddress,
		Pool:       p.Cluster.LoadBalancers(),
		DNSAddress: layout.DNSAddress,
		NodeIP:     topology.NodeAddress(p.Cluster),
		Log:        p.Log.With("part", "service"),
	})
}

func (p ClusterProcess) runNode(ctx context.Context, config *rest.Config, files controlplane.Layout) error {
	topology, err := world.ReadTopology(p.Dir)
	if err != nil {
		return err
	}
	address := topology.NodeAddress(p.Cluster)
	certificate, err := controlplane.NodeCertificate(files, p.Cluster.NodeName(), net.ParseIP(address))
	if err != nil {
		return err
	}
	return node.Run(ctx, node.Config{
		RestConfig:  config,
		NodeName:    p.Cluster.NodeName(),
		NodeIP:      address,
		Region:      p.Cluster.Region(),
		Zone:        p.Cluster.Zone(),
		Dir:         p.Dir.Node(p.Cluster),
		PodNetwork:  topology.PodRange(p.Cluster),
		Bridge:      layout.PodBridge,
		DNSAddress:  layout.DNSAddress,
		Certificate: certificate,
		Log:         p.Log.With("part", "node"),
	})
}
