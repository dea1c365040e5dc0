// Package upstream knows where the gateway passes connections on to.
package upstream

import (
	"maps"
	"sync"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/proto"

	"github.com/meshmanager/smm/sandbox/internal/gateway/stats"
)

// Clusters are all that are known.
type Clusters struct {
	stats  *stats.Registry
	static map[string]*Cluster

	mu         sync.Mutex
	discovered map[string]*Cluster
	endpoints  map[string]*endpointv3.ClusterLoadAssignment // by name of the resource
}

// NewClusters begins with those of the bootstrap.
func NewClusters(static []*clusterv3.Cluster, registry *stats.Registry) *Clusters {
	c := &Clusters{
		stats: registry, static: map[string]*Cluster{},
		discovered: map[string]*Cluster{}, endpoints: map[string]*endpointv3.ClusterLoadAssignment{},
	}
	for _, config := range static {
		c.static[config.GetName()] = newCluster(config, config.GetLoadAssignment(), registry)
	}
	return c
}

// Get finds a cluster; nil if there is none of that name.
func (c *Clusters) Get(name string) *Cluster {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.discovered[name]; found != nil {
		return found
	}
	return c.static[name]
}

// Set replaces the discovered clusters. It returns the names of the resources that have their endpoints.
func (c *Clusters) Set(configs []*clusterv3.Cluster) (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next, wanted := map[string]*Cluster{}, map[string]bool{}
	for _, config := range configs {
		endpoints := config.GetLoadAssignment()
		if name := endpointsName(config); name != "" {
			names, wanted[name], endpoints = append(names, name), true, c.endpoints[name]
		}
		next[config.GetName()] = newCluster(config, endpoints, c.stats)
		if old := c.discovered[config.GetName()]; old != nil && proto.Equal(old.config, config) {
			next[config.GetName()] = old
		}
	}
	c.discovered = next
	maps.DeleteFunc(c.endpoints, func(name string, _ *endpointv3.ClusterLoadAssignment) bool { return !wanted[name] })
	return names
}

// SetEndpoints takes over endpoints that have changed.
func (c *Clusters) SetEndpoints(changed []*endpointv3.ClusterLoadAssignment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, assignment := range changed {
		c.endpoints[assignment.GetClusterName()] = assignment
	}
	for _, cluster := range c.discovered {
		if name := endpointsName(cluster.config); name != "" {
			cluster.setEndpoints(c.endpoints[name])
		}
	}
}

// endpointsName is the name of the resource that has a cluster's endpoints, "" if its configuration has them.
func endpointsName(config *clusterv3.Cluster) string {
	if config.GetType() != clusterv3.Cluster_EDS {
		return ""
	}
	if name := config.GetEdsClusterConfig().GetServiceName(); name != "" {
		return name
	}
	return config.GetName()
}
