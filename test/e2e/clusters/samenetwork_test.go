package clusters

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// Two clusters whose pods reach each other are one mesh, with one control plane or with two: the demo application that is
// distributed over them calls across. Detaching leaves the first one's objects alone, and nothing on the other.
func TestTwoClustersOfOneNetwork(t *testing.T) {
	box := start(t, "--clusters", "2", "--networks", "1")
	first, peer := box.Clusters[0], box.Clusters[1]
	installFirst(t, first)

	t.Run("one control plane", func(t *testing.T) {
		attach(t, first, peer, "--network-name", "network1")
		wantMembers(t, first, member{"c1", "ACTIVE", "network1"}, member{"c2", "PASSIVE", "network1"})
		distribute(t, first, peer)
		wantCrossCalls(t, first, peer)
		wantDetachRefused(t, first, peer)
		removeDemo(t, peer)
		before := first.Snapshot(t)
		smm(t, first, "istio", "cluster", "detach", peer.Kubeconfig)
		wantForgotten(t, before)
		wantNothingLeft(t, peer)
		wantMembers(t, first, member{"c1", "ACTIVE", "network1"})
	})
	t.Run("two control planes", func(t *testing.T) {
		attach(t, first, peer, "--network-name", "network1", "--active-istio-control-plane")
		wantMembers(t, first, member{"c1", "ACTIVE", "network1"}, member{"c2", "ACTIVE", "network1"})
		wantMembers(t, peer, member{"c1", "ACTIVE", "network1"}, member{"c2", "ACTIVE", "network1"})
		distribute(t, first, peer)
		wantCrossCalls(t, first, peer)
		before := first.Snapshot(t)
		smm(t, first, "istio", "cluster", "detach", peer.Kubeconfig)
		wantForgotten(t, before)
		wantMembers(t, peer, member{"c2", "ACTIVE", "network1"})
	})
}

// wantDetachRefused checks that a cluster whose workloads use another's control plane is not detached.
func wantDetachRefused(t *testing.T, first, peer *sandboxtest.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	if out, err := first.SMM(ctx, "istio", "cluster", "detach", peer.Kubeconfig); err == nil || !strings.Contains(err.Error(), demoNamespace) {
		t.Errorf("detaching a cluster in use: %v, output %s", err, out)
	}
}

// aboutPeer are the names of what a cluster has because of another one.
var aboutPeer = regexp.MustCompile(`^(Cluster c2|Secret cluster-registry/c2|Secret istio-system/istio-remote-secret-c2|PeerIstioControlPlane istio-system/\S+-c2)$`)

// wantForgotten checks what has become of a cluster since the snapshot: what it had of the other is gone, and all else is
// untouched.
func wantForgotten(t *testing.T, before sandboxtest.Snapshot) {
	t.Helper()
	removed, touched := before.Changes(t)
	for _, name := range removed {
		if !aboutPeer.MatchString(name) {
			t.Errorf("detaching removed %s", name)
		}
	}
	for _, change := range touched {
		t.Errorf("detaching touched %s", change)
	}
	if len(removed) < 3 {
		t.Errorf("detaching removed only %v", removed)
	}
}
