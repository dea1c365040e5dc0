package node

import (
	"net/netip"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestAddresses(t *testing.T) {
	// Pods may have .2 to .6: the others are the network, the node and broadcast.
	a := newAddresses(netip.MustParsePrefix("10.0.0.0/29"))
	allocate := func(pod types.UID, want string) {
		t.Helper()
		if got, err := a.allocate(pod); got != want || (err != nil) != (want == "") {
			t.Errorf("%s got %q, %v; want %q", pod, got, err, want)
		}
	}
	for address, want := range map[string]bool{
		"10.0.0.4": true, "10.0.0.0": false, "10.0.0.1": false, "10.0.0.7": false, "10.0.1.2": false, "": false, "x": false,
	} {
		if got := a.claim("kept", address); got != want {
			t.Errorf("claiming %q: %v", address, got)
		}
	}
	if !a.claim("kept", "10.0.0.4") || a.claim("other", "10.0.0.4") {
		t.Error("a claimed address belongs to its pod alone")
	}
	allocate("a", "10.0.0.5")
	allocate("b", "10.0.0.6")
	allocate("c", "10.0.0.2")
	a.release("a")
	allocate("d", "10.0.0.3") // not yet .5, which was in use a moment ago
	allocate("e", "10.0.0.5")
	allocate("f", "")
}
