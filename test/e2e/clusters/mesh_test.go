package clusters

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

const (
	// commandTimeout is how long one command may take on a loaded machine; usually it is a quarter of a minute.
	commandTimeout = 5 * time.Minute
	demoNamespace  = "smm-demo"
)

// The documented way to distribute the demo application over two clusters.
const (
	servicesOfFirst = "frontpage,catalog,bookings,postgresql"
	servicesOfPeer  = "movies,payments,notifications,analytics,database,mysql"
)

// smm runs the command line on a cluster and fails the test if it fails.
func smm(t *testing.T, on *sandboxtest.Cluster, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	begun := time.Now()
	out, err := on.SMM(ctx, args...)
	if err != nil {
		t.Fatalf("on %s: %v\n%s", on.Name, err, situation(t, on))
	}
	t.Logf("on %s, `smm %s` took %.1f s", on.Name, strings.ReplaceAll(strings.Join(args, " "), on.Directory(), "…"), time.Since(begun).Seconds())
	return out
}

// situation is what explains most failures.
func situation(t *testing.T, of *sandboxtest.Cluster) string {
	t.Helper()
	out, err := of.Kubectl(t.Context(), "", "get", "icp,picp,imgw,clusters,pods", "-A", "-o", "wide")
	return fmt.Sprintf("%s %v", out, err)
}

// installFirst installs the mesh on the first cluster.
func installFirst(t *testing.T, first *sandboxtest.Cluster) {
	t.Helper()
	smm(t, first, "install", "-a", "--cluster-name", first.Name)
}

// attach attaches the peer to the mesh of the first cluster.
func attach(t *testing.T, first, peer *sandboxtest.Cluster, args ...string) {
	t.Helper()
	smm(t, first, append([]string{"istio", "cluster", "attach", peer.Kubeconfig, "--name", peer.Name}, args...)...)
}

// distribute installs the demo application over two clusters.
func distribute(t *testing.T, first, peer *sandboxtest.Cluster) {
	t.Helper()
	smm(t, first, "demoapp", "install", "-s", servicesOfFirst)
	smm(t, peer, "demoapp", "install", "-s", servicesOfPeer, "--peer")
}

// wantMembers checks that both clusters are shown as available, with their mode and network.
func wantMembers(t *testing.T, on *sandboxtest.Cluster, want ...member) {
	t.Helper()
	sandboxtest.Eventually(t, sandboxtest.Patience, "the clusters of the mesh are available", func() error {
		output, err := on.SMM(t.Context(), "istio", "cluster", "status")
		if err != nil {
			return err
		}
		var got []member
		for _, row := range sandboxtest.Table(output) {
			if row["STATUS"] != "Available" {
				return fmt.Errorf("not all are available:\n%s", output)
			}
			got = append(got, member{row["CLUSTER"], row["MODE"], row["NETWORK"]})
		}
		slices.SortFunc(got, func(a, b member) int { return cmp.Compare(a.cluster, b.cluster) })
		if !slices.Equal(got, want) {
			return fmt.Errorf("want %v:\n%s", want, output)
		}
		return nil
	})
}

// member is a line of `smm istio cluster status`.
type member struct{ cluster, mode, network string }

// removeDemo removes the demo application from both clusters.
func removeDemo(t *testing.T, clusters ...*sandboxtest.Cluster) {
	t.Helper()
	for _, cluster := range clusters {
		smm(t, cluster, "demoapp", "uninstall")
	}
}

// ours are the names that the product and Istio give.
var ours = regexp.MustCompile(`istio|smm|cp-v1|cluster-registry`)

// wantNothingLeft waits until of the product and of Istio nothing is left on a cluster but their kinds.
func wantNothingLeft(t *testing.T, on *sandboxtest.Cluster) {
	t.Helper()
	sandboxtest.Eventually(t, time.Minute, "nothing of the mesh is left on "+on.Name, func() error {
		if left := on.Left(t, ours); len(left) > 0 {
			return fmt.Errorf("left are %s", strings.Join(left, ", "))
		}
		return nil
	})
}
