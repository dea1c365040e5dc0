// Package node runs the pods of a sandbox cluster's one node as processes of this machine. To the
// cluster it is a kubelet: it registers a Node object, starts the pods that the scheduler binds to it, gives them their
// environment and volumes, probes and restarts them and reports their status.
//
// What a kubelet does with images, users, cgroups and devices has no meaning here:
//   - an image stands for one executable (Executables), so that pull policies and secrets do not matter;
//   - all containers run as one user, so that runAsUser and fsGroup do not matter;
//   - requests and limits of resources bind nobody, and the node offers more than the machine has;
//   - persistent volumes, paths of the machine, host ports, ephemeral containers, a process namespace
//     shared between containers, stop signals and mount propagation are not there. A volume that is not
//     there keeps its pod waiting, with an event; the rest is passed over.
package node

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/node/probe"
	"github.com/meshmanager/smm/sandbox/internal/node/watched"
)

// Config says which node to run.
type Config struct {
	// Client speaks to the cluster's API server as the node. Default: one for RestConfig that does not
	// limit its own rate, as a node with many pods must not wait for itself.
	Client     kubernetes.Interface
	RestConfig *rest.Config

	NodeName string
	// NodeIP is the node's address and the gateway of its pods.
	NodeIP       string
	Region, Zone string

	// Dir keeps logs, volumes and other files of pods across restarts.
	Dir string
	// StateDir is the directory in which hostPath volumes are real. Default Dir.
	StateDir string

	// PodNetwork holds the addresses of pods. Default 10.201.0.0/16.
	PodNetwork netip.Prefix
	// Bridge is the link that pods are attached to. Default cbr0.
	Bridge string
	// DNSAddress is the cluster's DNS server. Default 10.96.0.10.
	DNSAddress string
	// ClusterDomain ends the names of services. Default cluster.local.
	ClusterDomain string

	// Executables say what images stand for. Default: DefaultExecutables of the directory of the running
	// executable.
	Executables Executables

	// Address is where the node serves logs, exec and metrics. Default port 10250 of NodeIP.
	Address string
	// Certificate is what it shows. Its authority is the one that the API server trusts for kubelets.
	Certificate tls.Certificate
	// ClientCA is the authority of client certificates, in PEM. Default: that of RestConfig.
	ClientCA []byte

	// Ready is called when the node is registered and looks after its pods. May be nil.
	Ready func()

	Log *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("finding the node's directory: %w", err)
	}
	c.Dir = dir
	c.StateDir = cmp.Or(c.StateDir, c.Dir)
	c.Bridge = cmp.Or(c.Bridge, "cbr0")
	c.DNSAddress = cmp.Or(c.DNSAddress, "10.96.0.10")
	c.ClusterDomain = cmp.Or(c.ClusterDomain, "cluster.local")
	c.Address = cmp.Or(c.Address, net.JoinHostPort(c.NodeIP, strconv.Itoa(kubeletPort)))
	c.Log = cmp.Or(c.Log, slog.Default())
	if !c.PodNetwork.IsValid() {
		c.PodNetwork = netip.MustParsePrefix("10.201.0.0/16")
	}
	if c.Ready == nil {
		c.Ready = func() {}
	}
	if c.Executables == nil {
		self, err := os.Executable()
		if err != nil {
			return c, fmt.Errorf("finding the executables of images: %w", err)
		}
		c.Executables = DefaultExecutables(filepath.Dir(self))
	}
	return c.connected()
}

// connected fills in what comes from RestConfig.
func (c Config) connected() (Config, error) {
	if c.Client == nil {
		own := rest.CopyConfig(c.RestConfig)
		own.QPS = -1
		own.ContentType = runtime.ContentTypeProtobuf
		own.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
		client, err := kubernetes.NewForConfig(own)
		if err != nil {
			return c, fmt.Errorf("making the node's client: %w", err)
		}
		c.Client = client
	}
	if c.ClientCA == nil {
		own := rest.CopyConfig(c.RestConfig)
		if err := rest.LoadTLSFiles(own); err != nil {
			return c, fmt.Errorf("loading the authority of client certificates: %w", err)
		}
		c.ClientCA = own.CAData
	}
	return c, nil
}

// closeTimeout bounds the end of what still runs when the node stops.
const closeTimeout = 10 * time.Second

// Run runs the node until ctx ends, then stops its containers. A later Run with the same directory takes
// the pods up again. It returns an error when the node cannot begin.
func Run(ctx context.Context, config Config) error {
	config, err := config.withDefaults()
	if err != nil {
		return err
	}
	a, err := newAgent(ctx, config)
	if err != nil {
		return err
	}
	return a.serve(ctx)
}

// serve is the life of a node.
func (a *agent) serve(ctx context.Context) error {
	return errors.Join(a.run(ctx), a.shutDown())
}

func newAgent(ctx context.Context, config Config) (*agent, error) {
	if err := os.MkdirAll(config.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the node's directory: %w", err)
	}
	machine, err := machine(config.Dir)
	if err != nil {
		return nil, err
	}
	containers, err := container.New(filepath.Join(config.Dir, "containers"), config.Log)
	if err != nil {
		return nil, err
	}
	return &agent{
		Config: config, log: config.Log.With("node", config.NodeName),
		machine: machine, runtime: containers,
		addresses: newAddresses(config.PodNetwork),
		watched:   watched.NewStore(config.Client),
		events:    newEvents(ctx, config.Client, config.NodeName),
		checker:   probe.NewChecker(),
		workers:   map[types.UID]*worker{},
	}, nil
}

// shutDown ends all that the workers left running.
func (a *agent) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := a.runtime.Close(ctx); err != nil {
		return fmt.Errorf("stopping the node's containers: %w", err)
	}
	return nil
}
