package layout

import (
	"testing"
)

func TestParseCluster(t *testing.T) {
	for name, want := range map[string]Cluster{
		"c1": 1, "c254": 254,
		"": 0, "c": 0, "c0": 0, "c255": 0, "c01": 0, "c+1": 0, "1": 0, "d1": 0,
	} {
		got, err := ParseCluster(name)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("ParseCluster(%q) = %d, %v; want %d", name, got, err, want)
		}
	}
}

// Clusters share one wide network, so nothing of one may be in another's range.
func TestAddressesDoNotOverlap(t *testing.T) {
	clusters := Clusters(MaxClusters)
	for i, c := range clusters {
		if c.LoadBalancers().Contains(c.WANAddress()) {
			t.Errorf("%s: the cluster's own address %v is a load balancer's", c.Name(), c.WANAddress())
		}
		if c.LoadBalancers() != c.LoadBalancers().Masked() {
			t.Errorf("%s: %v is not the start of its range", c.Name(), c.LoadBalancers())
		}
		for _, other := range clusters[:i] {
			if c.LoadBalancers().Overlaps(other.LoadBalancers()) || c.WANAddress() == other.WANAddress() {
				t.Errorf("%s and %s overlap", c.Name(), other.Name())
			}
		}
	}
}

func TestDefaultDir(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for state, want := range map[string]Dir{
		"":           "/home/me/.local/state/smm/sandbox",
		"/var/state": "/var/state/smm/sandbox",
		"relative":   "/home/me/.local/state/smm/sandbox",
	} {
		t.Setenv("XDG_STATE_HOME", state)
		if got, err := DefaultDir(); err != nil || got != want {
			t.Errorf("XDG_STATE_HOME=%q: %q, %v; want %q", state, got, err, want)
		}
	}
}
