package upstream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/meshmanager/smm/sandbox/internal/gateway/stats"
)

// ErrNoEndpoint is that a cluster has no endpoint that can be tried.
var ErrNoEndpoint = errors.New("no healthy upstream")

// defaultConnectTimeout is Envoy's.
const defaultConnectTimeout = 5 * time.Second

// idleTimeout is how long a connection for HTTP requests is kept without any.
const idleTimeout = time.Minute

// Cluster is a group of endpoints that connections are passed on to.
type Cluster struct {
	config *clusterv3.Cluster
	stats  *stats.Registry
	tiers  atomic.Pointer[[][]endpoint]
}

func newCluster(config *clusterv3.Cluster, endpoints *endpointv3.ClusterLoadAssignment, registry *stats.Registry) *Cluster {
	c := &Cluster{config: config, stats: registry}
	c.setEndpoints(endpoints)
	return c
}

func (c *Cluster) setEndpoints(assignment *endpointv3.ClusterLoadAssignment) {
	byLocality := c.config.GetCommonLbConfig().GetLocalityWeightedLbConfig() != nil
	ordered := tiers(assignment, byLocality)
	c.tiers.Store(&ordered)
}

// statName is the cluster's name in statistics.
func (c *Cluster) statName() string {
	if name := c.config.GetAltStatName(); name != "" {
		return strings.TrimSuffix(name, ";")
	}
	return c.config.GetName()
}

// Dial connects to an endpoint. One that does not answer is followed by the next.
func (c *Cluster) Dial(ctx context.Context) (net.Conn, error) {
	timeout := defaultConnectTimeout
	if c.config.GetConnectTimeout() != nil {
		timeout = c.config.GetConnectTimeout().AsDuration()
	}
	dialer := net.Dialer{Timeout: timeout}
	failure := ErrNoEndpoint
	for _, e := range order(*c.tiers.Load(), rand.Float64) {
		if needsTLS(c.config, e) {
			return nil, fmt.Errorf("cluster %s: %w", c.config.GetName(), ErrTLS)
		}
		connection, err := dialer.DialContext(ctx, e.network, e.address)
		if err == nil {
			return c.counted(connection), nil
		}
		c.stats.Counter("cluster", c.statName(), "upstream_cx_connect_fail").Add(1)
		failure = err
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("cluster %s: %w", c.config.GetName(), failure)
}

// CountRequest counts a request that is sent to the cluster.
func (c *Cluster) CountRequest() {
	c.stats.Counter("cluster", c.statName(), "upstream_rq_total").Add(1)
}

// counted counts a connection and what passes through it.
func (c *Cluster) counted(connection net.Conn) net.Conn {
	name := c.statName()
	c.stats.Counter("cluster", name, "upstream_cx_total").Add(1)
	active := c.stats.Gauge("cluster", name, "upstream_cx_active")
	active.Add(1)
	return stats.Count(connection, stats.Traffic{
		Read:    c.stats.Counter("cluster", name, "upstream_cx_rx_bytes_total"),
		Written: c.stats.Counter("cluster", name, "upstream_cx_tx_bytes_total"),
		Closed:  func() { active.Add(-1) },
	})
}
