// Package service gives the Services of a sandbox cluster life: it forwards their addresses to their endpoints,
// hands out load-balancer addresses and answers DNS, all within the network namespace that it runs in.
package service

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/meshmanager/smm/sandbox/internal/service/clusterdns"
	"github.com/meshmanager/smm/sandbox/internal/service/loadbalancer"
	"github.com/meshmanager/smm/sandbox/internal/service/proxy"
)

// Config says which cluster to serve, and where. Every address must be local to the network namespace.
type Config struct {
	Client kubernetes.Interface
	// APIServer (ip:port) answers for the Service default/kubernetes.
	APIServer string
	// Pool is where load-balancer addresses come from.
	Pool netip.Prefix
	// DNSAddress is the IP of the name server, which becomes the cluster IP of the Service kube-dns.
	DNSAddress string
	// NodeIP is the address for node ports; when empty they are not served.
	NodeIP string
	// Upstream lists name servers (host:port) for names outside the cluster, which are refused when it is empty.
	Upstream []string
	Log      *slog.Logger
}

// dnsPort is where every resolver looks for its name server.
const dnsPort = 53

// Run serves until ctx ends, and then returns nil once every socket is closed. It fails at once if an address
// cannot be understood or the name server's cannot be bound; while the API server is away it serves what it knows.
func Run(ctx context.Context, config Config) error {
	options, err := config.proxyOptions()
	if err != nil {
		return err
	}
	dnsIP, err := netip.ParseAddr(config.DNSAddress)
	if err != nil {
		return fmt.Errorf("address of the name server: %w", err)
	}
	dnsAddress := netip.AddrPortFrom(dnsIP, dnsPort)
	server, err := clusterdns.Listen(ctx, dnsAddress.String(), config.Upstream, config.Log)
	if err != nil {
		return err
	}
	forwarder := proxy.New()
	defer forwarder.Close()
	broadcaster := record.NewBroadcaster()
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: config.Client.CoreV1().Events(corev1.NamespaceAll)})
	events := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "smm-sandbox"})
	balancer := loadbalancer.New(config.Client, events, config.Pool)

	cluster := newView(config.Client)
	forwarding := newLoop("forward to endpoints", config.Log, func(context.Context) error {
		return forwarder.Apply(proxy.Plan(cluster.Services(), cluster.EndpointSlices(), options))
	})
	naming := newLoop("name services and pods", config.Log, func(context.Context) error {
		server.SetZone(clusterdns.NewZone(clusterdns.Records(dnsIP, cluster.Services(), cluster.EndpointSlices(), cluster.Pods())))
		return nil
	})
	balancing := newLoop("give load-balancer addresses", config.Log, func(ctx context.Context) error {
		return balancer.Sync(ctx, cluster.Services())
	})
	presenting := newLoop("keep the Service of the name server", config.Log, func(ctx context.Context) error {
		if cluster.hasService(clusterdns.ServiceNamespace, clusterdns.ServiceName) {
			return nil
		}
		return clusterdns.EnsureService(ctx, config.Client, dnsAddress)
	})
	cluster.onServices(forwarding, naming, balancing, presenting)
	cluster.onEndpointSlices(forwarding, naming)
	cluster.onPodAddresses(naming)

	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { cluster.watch(ctx) })
	for _, loop := range []*loop{forwarding, naming, balancing, presenting} {
		running.Go(func() {
			if cluster.synced(ctx) {
				loop.run(ctx)
			}
		})
	}
	err = server.Wait(ctx)
	cancel()
	running.Wait()
	return err
}

func (c Config) proxyOptions() (proxy.Options, error) {
	apiServer, err := netip.ParseAddrPort(c.APIServer)
	if err != nil {
		return proxy.Options{}, fmt.Errorf("address of the API server: %w", err)
	}
	options := proxy.Options{APIServer: apiServer}
	if c.NodeIP != "" {
		if options.NodeIP, err = netip.ParseAddr(c.NodeIP); err != nil {
			return proxy.Options{}, fmt.Errorf("address of the node: %w", err)
		}
	}
	return options, nil
}
