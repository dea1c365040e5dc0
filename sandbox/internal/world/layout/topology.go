package layout

import "net/netip"

// maxNeighbours is how many clusters of one network have pod addresses of their own.
const maxNeighbours = 50

// Topology says which clusters reach each other's pods.
type Topology struct {
	// Clusters is how many there are.
	Clusters int
	// Networks is how many networks the clusters take turns in: the first cluster is in the first
	// network, the next in the next. 0 means that each cluster is a network of its own.
	Networks int
}

// Possible tells whether the networks have addresses for the clusters.
func (t Topology) Possible() bool {
	return t.Networks >= 0 && (t.Networks == 0 || (t.Clusters+t.Networks-1)/t.Networks <= maxNeighbours)
}

// Network is the number of the cluster's network, from 1.
func (t Topology) Network(c Cluster) int {
	if t.Networks == 0 {
		return int(c)
	}
	return (int(c)-1)%t.Networks + 1
}

// place is the cluster's position in its network, from 0. It stays when clusters are added.
func (t Topology) place(c Cluster) int {
	if t.Networks == 0 {
		return 0
	}
	return (int(c) - 1) / t.Networks
}

// PodRange holds the addresses of the cluster's pods: those of a network differ, and are the same again in another.
func (t Topology) PodRange(c Cluster) netip.Prefix {
	base := netip.MustParsePrefix(PodRange)
	octets := base.Addr().As4()
	octets[1] += byte(t.place(c))
	return netip.PrefixFrom(netip.AddrFrom4(octets), base.Bits())
}

// NodeAddress is the address of the cluster's node among the pods.
func (t Topology) NodeAddress(c Cluster) string { return t.PodRange(c).Addr().Next().String() }

// Neighbours are the other clusters of the cluster's network.
func (t Topology) Neighbours(c Cluster) []Cluster {
	var neighbours []Cluster
	for _, other := range Clusters(t.Clusters) {
		if other != c && t.Network(other) == t.Network(c) {
			neighbours = append(neighbours, other)
		}
	}
	return neighbours
}
