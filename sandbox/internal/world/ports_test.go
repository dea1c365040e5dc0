//go:build linux

package world

import (
	"maps"
	"testing"
)

// A sandbox that comes back has the ports that kubeconfigs name, unless another program took one.
func TestOpenListeners(t *testing.T) {
	s := state{Clusters: 2, Ports: map[string]int{}}
	files, err := openListeners(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	first := maps.Clone(s.Ports)
	closeAll(files)

	taken, err := listenOn(first["c2"])
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	files, err = openListeners(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	closeAll(files)
	if s.Ports["c1"] != first["c1"] {
		t.Errorf("c1 moved from port %d to %d", first["c1"], s.Ports["c1"])
	}
	if s.Ports["c2"] == first["c2"] {
		t.Error("c2 claims a port that is taken")
	}

	files, err = openListeners(s, first["c2"])
	closeAll(files)
	if err == nil {
		t.Error("a port that was asked for and is taken gives no error")
	}
}
