package layout

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Pods of a network have addresses of their own; those of different networks may have the same.
func TestTopology(t *testing.T) {
	three := Topology{Clusters: 3, Networks: 2}
	for c, want := range map[Cluster]struct {
		network    int
		pods, node string
		neighbours []Cluster
	}{
		1: {1, "10.201.0.0/16", "10.201.0.1", []Cluster{3}},
		2: {2, "10.201.0.0/16", "10.201.0.1", nil},
		3: {1, "10.202.0.0/16", "10.202.0.1", []Cluster{1}},
	} {
		if three.Network(c) != want.network || three.PodRange(c).String() != want.pods || three.NodeAddress(c) != want.node {
			t.Errorf("%s: network %d, pods %s, node %s", c.Name(), three.Network(c), three.PodRange(c), three.NodeAddress(c))
		}
		if diff := cmp.Diff(want.neighbours, three.Neighbours(c)); diff != "" {
			t.Errorf("%s: neighbours:\n%s", c.Name(), diff)
		}
	}
	alone := Topology{Clusters: 3}
	if alone.PodRange(3).String() != PodRange || alone.NodeAddress(3) != NodeAddress || len(alone.Neighbours(3)) > 0 || alone.Network(3) != 3 {
		t.Errorf("without networks, the third cluster has pods %s and neighbours %v", alone.PodRange(3), alone.Neighbours(3))
	}
	if (Topology{Clusters: 254, Networks: 1}).Possible() || !(Topology{Clusters: 254}).Possible() || (Topology{Clusters: 1, Networks: -1}).Possible() {
		t.Error("what is possible is not told")
	}
}
