// Package layout names what a sandbox consists of: its clusters with their
// addresses, and its files.
package layout

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// MaxClusters is how many clusters the addresses on the WAN suffice for.
const MaxClusters = 254

// Addresses inside a cluster's network namespace. They are the same in every
// cluster: clusters are different networks.
const (
	PodBridge        = "cbr0"
	PodRange         = "10.201.0.0/16"
	NodeAddress      = "10.201.0.1"
	ServiceRange     = "10.96.0.0/16"
	DNSAddress       = "10.96.0.10"
	APIServerAddress = "127.0.0.1:6443"
	APIServerPort    = 6443
)

// The network that connects the clusters, and the one more address on it.
const (
	WANBridge  = "wan0"
	WANLink    = "eth1"
	WANRange   = "172.30.0.0/16"
	WANAddress = "172.30.0.1"
)

// Cluster is one cluster of a sandbox, by its number from 1.
type Cluster int

// Clusters are the first n clusters.
func Clusters(n int) []Cluster {
	clusters := make([]Cluster, n)
	for i := range clusters {
		clusters[i] = Cluster(i + 1)
	}
	return clusters
}

// ParseCluster understands the name of a cluster, such as c2.
func ParseCluster(name string) (Cluster, error) {
	digits, ok := strings.CutPrefix(name, "c")
	number, err := strconv.Atoi(digits)
	if !ok || err != nil || number < 1 || number > MaxClusters || name != Cluster(number).Name() {
		return 0, fmt.Errorf("%q is no cluster: clusters are named c1, c2 and so on", name)
	}
	return Cluster(number), nil
}

// Name is c1 for the first cluster.
func (c Cluster) Name() string { return fmt.Sprintf("c%d", int(c)) }

// NodeName is the name of the cluster's one node.
func (c Cluster) NodeName() string { return c.Name() + "-node" }

// Region is where the node claims to be.
func (c Cluster) Region() string { return fmt.Sprintf("region%d", int(c)) }

// Zone is where in the region the node claims to be.
func (c Cluster) Zone() string { return fmt.Sprintf("zone%d", int(c)) }

// WANAddress is the cluster's address for other clusters, also that of its API server.
func (c Cluster) WANAddress() netip.Addr {
	return netip.AddrFrom4([4]byte{172, 30, byte(c), 1})
}

// LoadBalancers are the addresses for Services of type LoadBalancer.
func (c Cluster) LoadBalancers() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 30, byte(c), 128}), 25)
}
