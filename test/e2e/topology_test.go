package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// metricsPatience is how long the topology may take to show nothing but the demo's own traffic: what other tests called is
// in rates for four scrapes, and the machine may be busy.
const metricsPatience = 2 * time.Minute

// shownEdge is an edge as `smm topology -o json` prints it.
type shownEdge struct {
	From, To, Service string
	RequestsPerSecond float64
	MutualTLS         *float64
}

func topologyNow(t *testing.T) []shownEdge {
	t.Helper()
	var graph struct{ Edges []shownEdge }
	if err := json.Unmarshal([]byte(smm(t, "topology", "-n", demoNamespace, "-o", "json")), &graph); err != nil {
		t.Fatal(err)
	}
	return graph.Edges
}

// The topology has every edge that the demo's own configuration says, no other, and mutual TLS on each.
func TestTheTopologyIsWhatTheDemoIsConfiguredToDo(t *testing.T) {
	want := configuredEdges(t)
	if len(want) < 10 {
		t.Fatalf("only %d edges are configured: %v", len(want), want)
	}
	sandboxtest.Eventually(t, metricsPatience, "the topology is what is configured", func() error {
		var got []string
		for _, e := range topologyNow(t) {
			got = append(got, fmt.Sprintf("%s → %s by %s", e.From, e.To, e.Service))
			if e.MutualTLS == nil || *e.MutualTLS < 1 {
				return fmt.Errorf("%s → %s is not encrypted all the time", e.From, e.To)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("edges (-configured +shown):\n%s", diff)
		}
		return nil
	})
}

// configuredEdges are the calls of each workload to each workload behind the services that it is configured to call.
func configuredEdges(t *testing.T) []string {
	t.Helper()
	var edges []string
	for _, pod := range box.Pods(t, demoNamespace, "app.kubernetes.io/part-of=smm-demo") {
		for _, r := range sandboxtest.Requests(t, &pod) {
			service, err := kubernetesClient(t).CoreV1().Services(demoNamespace).Get(t.Context(), r.Host, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, callee := range box.Pods(t, demoNamespace, labels.SelectorFromSet(service.Spec.Selector).String()) {
				edges = append(edges, fmt.Sprintf("c1/%s/%s → c1/%s/%s by %s", demoNamespace, deploymentOf(pod.Name), demoNamespace, deploymentOf(callee.Name), service.Name))
			}
		}
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

// deploymentOf takes the names of the ReplicaSet and the pod away.
func deploymentOf(pod string) string {
	parts := strings.Split(pod, "-")
	return strings.Join(parts[:len(parts)-2], "-")
}

// rateWindow is the time over which the topology computes rates, as the sandbox's Prometheus collects.
const rateWindow = 20 * time.Second

func TestRatesAreThoseOfTheLoadGenerator(t *testing.T) {
	load := followLoad(t, demoNamespace, "bombardier")
	pods := load.running(t.Context())
	if len(pods) != 1 {
		t.Fatalf("%d load generators run", len(pods))
	}
	sandboxtest.Eventually(t, metricsPatience, "the rate is that of the load generator", func() error {
		before, began := load.state(pods[0].Name).Sent, time.Now()
		<-time.After(rateWindow)
		sent := float64(load.state(pods[0].Name).Sent-before) / time.Since(began).Seconds()
		for _, e := range topologyNow(t) {
			if strings.HasSuffix(e.From, "/bombardier") {
				off := math.Abs(e.RequestsPerSecond-sent) / sent
				t.Logf("%.1f requests a second are shown, %.1f sent: %.1f %% off", e.RequestsPerSecond, sent, 100*off)
				if off > 0.05 {
					return fmt.Errorf("%.1f requests a second are shown, %.1f were sent", e.RequestsPerSecond, sent)
				}
				return nil
			}
		}
		return fmt.Errorf("the load generator is not in the topology")
	})
}

// The dashboard of the sandbox is served on this machine as soon as up --demo ends, and its API tells the traffic.
func TestTheDashboardIsServed(t *testing.T) {
	_, rest, found := strings.Cut(box.Output, "The dashboard is at ")
	address, _, _ := strings.Cut(rest, ",")
	if !found {
		t.Fatalf("the output does not tell where the dashboard is:\n%s", box.Output)
	}
	if _, err := sandboxtest.Get(t.Context(), strings.TrimPrefix(address, "http://"), "/healthz", nil); err != nil {
		t.Error(err)
	}
	if page, err := sandboxtest.Get(t.Context(), strings.TrimPrefix(address, "http://"), "/", nil); err != nil || !strings.Contains(string(page), "<html") {
		t.Errorf("no page: %v", err)
	}
}
