package clusters

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// Two clusters whose pods cannot reach each other are one mesh, with one control plane or with two: what the demo
// application calls in the other cluster goes through that one's mesh expansion gateway, and nothing gets there without it.
func TestTwoClustersOfTwoNetworks(t *testing.T) {
	box := start(t, "--clusters", "2", "--networks", "2")
	first, peer := box.Clusters[0], box.Clusters[1]
	installFirst(t, first)

	t.Run("one control plane", func(t *testing.T) {
		attach(t, first, peer)
		wantMembers(t, first, member{"c1", "ACTIVE", "network1"}, member{"c2", "PASSIVE", "c2"})
		distribute(t, first, peer)
		wantGatewayBetween(t, first, peer)
		wantPairs(t, first, "c1 c2 gateway OK", "c2 c1 gateway OK")
		removeDemo(t, peer, first)
		smm(t, first, "istio", "cluster", "detach", peer.Kubeconfig)
		wantNothingLeft(t, peer)
	})
	t.Run("two control planes", func(t *testing.T) {
		attach(t, first, peer, "--active-istio-control-plane")
		wantMembers(t, first, member{"c1", "ACTIVE", "network1"}, member{"c2", "ACTIVE", "c2"})
		distribute(t, first, peer)
		wantGatewayBetween(t, first, peer)
		wantPairs(t, peer, "c1 c2 endpoints OK", "c1 c2 gateway OK", "c2 c1 endpoints OK", "c2 c1 gateway OK", "c1 c2 trust same root", "c2 c1 trust same root")
	})
}

// pairsTimeout is how long a change may take to be seen by all: each cluster looks every ten seconds.
const pairsTimeout = time.Minute

// wantPairs waits until the status, asked on any cluster, tells the facts of pairs of clusters, and that APIs answer.
func wantPairs(t *testing.T, on *sandboxtest.Cluster, want ...string) {
	t.Helper()
	sandboxtest.Eventually(t, pairsTimeout, "the status tells of the pairs", func() error {
		output, err := on.SMM(t.Context(), "istio", "cluster", "status", "-o", "wide")
		if err != nil {
			return err
		}
		_, pairs, _ := strings.Cut(output, "\n\n")
		told := map[string]bool{}
		for _, row := range sandboxtest.Table(pairs) {
			pair := row["FROM"] + " " + row["TO"] + " "
			if row["API"] != "OK" || !strings.HasPrefix(row["CREDENTIAL"], "until ") {
				return fmt.Errorf("not all answer:\n%s", output)
			}
			told[pair+"endpoints "+row["ENDPOINTS"]], told[pair+"gateway "+row["GATEWAY"]], told[pair+"trust "+row["TRUST"]] = true, true, true
		}
		for _, fact := range want {
			if !told[fact] {
				return fmt.Errorf("want %s:\n%s", fact, output)
			}
		}
		return nil
	})
}

// wantGatewayBetween checks that calls into the peer go through its gateway, by what that has counted, and that none gets
// there while the gateway does not run.
func wantGatewayBetween(t *testing.T, first, peer *sandboxtest.Cluster) {
	t.Helper()
	wantCrossCalls(t, first, peer)
	all := crossings(t, first, peer)
	i := slices.IndexFunc(all, func(c crossing) bool { return c.from == first })
	if i < 0 {
		t.Fatal("the first cluster calls nothing in the other")
	}
	c := all[i]
	from := first.CallerIn(t, demoNamespace, c.pod.Name)
	before := passedOn(t, peer, c.request.Host)
	if err := c.make(from); err != nil {
		t.Error(err)
	}
	after := passedOn(t, peer, c.request.Host)
	if after <= before {
		t.Errorf("%s: the gateway of %s has passed %d bytes on before the calls and %d after them", c, peer.Name, before, after)
	}
	t.Logf("%s: the gateway of %s had passed %d bytes on before %d calls and %d after them", c, peer.Name, before, callsEach, after)

	scaleGateway(t, peer, 0)
	sandboxtest.Eventually(t, settleTimeout, "calls fail without the gateway", func() error {
		report, err := from.Try(c.request.String(), callsEach)
		if err == nil && report.Succeeded > 0 {
			err = fmt.Errorf("%d of %d calls succeeded", report.Succeeded, callsEach)
		}
		return err
	})
	wantPairs(t, first, first.Name+" "+peer.Name+" gateway Failed", peer.Name+" "+first.Name+" gateway OK")
	scaleGateway(t, peer, 1)
	sandboxtest.Eventually(t, settleTimeout, "calls succeed with the gateway again", func() error { return c.make(from) })
}

const (
	gatewayName     = "istio-meshexpansion-cp-v131x"
	gatewaySelector = "gateway-name=" + gatewayName
	metricsPort     = 15090
)

// scaleGateway sets how many pods the mesh expansion gateway has, and waits until it has as many.
func scaleGateway(t *testing.T, on *sandboxtest.Cluster, replicas int) {
	t.Helper()
	kubectl(t, on, "scale", "-n", meshNamespace, "deployment/"+gatewayName, fmt.Sprintf("--replicas=%d", replicas))
	sandboxtest.Eventually(t, settleTimeout, fmt.Sprintf("the gateway has %d pods", replicas), func() error {
		pods := on.Pods(t, meshNamespace, gatewaySelector)
		for i := range pods {
			if !sandboxtest.IsReady(&pods[i]) {
				return fmt.Errorf("pod %s is not ready", pods[i].Name)
			}
		}
		if len(pods) != replicas {
			return fmt.Errorf("it has %d", len(pods))
		}
		return nil
	})
}

// passedOn is how many bytes the mesh expansion gateway of a cluster says to have passed on to a service.
func passedOn(t *testing.T, in *sandboxtest.Cluster, service string) int64 {
	t.Helper()
	var total int64
	for _, pod := range in.Pods(t, meshNamespace, gatewaySelector) {
		address, err := in.Forward(t, meshNamespace, pod.Name, metricsPort)
		if err != nil {
			t.Fatal(err)
		}
		page, err := sandboxtest.Get(t.Context(), address, "/stats/prometheus", nil)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(page)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			if !strings.HasPrefix(name, "envoy_cluster_upstream_cx_tx_bytes_total{") || !strings.Contains(name, "_."+service+"."+demoNamespace) {
				continue
			}
			bytes, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			total += bytes
		}
	}
	return total
}

const meshNamespace = "istio-system"

func kubectl(t *testing.T, on *sandboxtest.Cluster, args ...string) {
	t.Helper()
	if _, err := on.Kubectl(t.Context(), "", args...); err != nil {
		t.Fatalf("on %s: %v", on.Name, err)
	}
}
