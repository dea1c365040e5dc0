package topology

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func edgesOf(g Graph) []string {
	var lines []string
	for _, e := range g.Edges {
		line := fmt.Sprintf("%s %s%s → %s %s%s by %q %.4g", e.From.Kind, e.From.Cluster, "/"+e.From.Name, e.To.Kind, e.To.Cluster, "/"+e.To.Name, e.Service, e.Requests)
		if e.MutualTLS != nil {
			line += fmt.Sprintf(" mtls=%.2g", *e.MutualTLS)
		}
		lines = append(lines, line)
	}
	return lines
}

// twoClusters are web and cart on both clusters, with calls within each and from the first to the second.
func twoClusters() Graph {
	var samples []Sample
	for _, clusters := range [][2]string{{"c1", "c1"}, {"c2", "c2"}, {"c1", "c2"}} {
		for _, reporter := range []Reporter{Source, Destination} {
			s := call(reporter, "web", "cart", 2)
			s.From.Cluster, s.To.Cluster = clusters[0], clusters[1]
			if clusters[1] == "c2" && reporter == Destination {
				s.Security = "none"
			}
			samples = append(samples, s)
		}
	}
	outside := call(Source, "web", "unknown", 1)
	outside.Service, outside.Host = "api.example.com", "api.example.com"
	return Build(append(samples, outside), nil, nil)
}

func TestFold(t *testing.T) {
	for name, test := range map[string]struct {
		level Level
		want  []string
	}{
		"across clusters": {AcrossClusters, []string{
			`workload /web → external /api.example.com by "api.example.com" 1`,
			`workload /web → workload /cart by "cart" 6 mtls=0.33`,
		}},
		"apps": {IntoApps, []string{
			`app c1/web → external /api.example.com by "api.example.com" 1`,
			`app c1/web → app c1/cart by "" 2 mtls=1`,
			`app c1/web → app c2/cart by "" 2 mtls=0`,
			`app c2/web → app c2/cart by "" 2 mtls=0`,
		}},
		"namespaces": {IntoNamespaces, []string{
			`namespace c1/shop → external /api.example.com by "api.example.com" 1`,
			`namespace c1/shop → namespace c1/shop by "" 2 mtls=1`,
			`namespace c1/shop → namespace c2/shop by "" 2 mtls=0`,
			`namespace c2/shop → namespace c2/shop by "" 2 mtls=0`,
		}},
		"clusters": {IntoClusters, []string{
			`cluster c1/c1 → external /api.example.com by "api.example.com" 1`,
			`cluster c1/c1 → cluster c1/c1 by "" 2 mtls=1`,
			`cluster c1/c1 → cluster c2/c2 by "" 2 mtls=0`,
			`cluster c2/c2 → cluster c2/c2 by "" 2 mtls=0`,
		}},
	} {
		g := twoClusters()
		folded := g.Fold(test.level)
		if diff := cmp.Diff(test.want, edgesOf(folded)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		sum := func(g Graph) (requests float64) {
			for _, e := range g.Edges {
				requests += e.Requests
			}
			return requests
		}
		if sum(folded) != sum(g) {
			t.Errorf("%s: %v requests, of %v", name, sum(folded), sum(g))
		}
	}
}

func TestAWorkloadOfSeveralClustersIsOneNode(t *testing.T) {
	g := twoClusters()
	for _, n := range g.Fold(AcrossClusters).Nodes {
		if n.Kind == KindWorkload {
			if diff := cmp.Diff([]string{"c1", "c2"}, n.Clusters); diff != "" || n.App != n.Name {
				t.Errorf("%s: %s, app %q", n.Name, diff, n.App)
			}
		}
	}
}

// What edges are folded into has the slower latency of its parts, because quantiles cannot be added.
func TestFoldedLatencies(t *testing.T) {
	fast, slow := call(Source, "web", "cart", 1), call(Source, "admin", "cart", 1)
	g := Build([]Sample{fast, slow}, []Latency{{fast.Call, 0.95, 0.1}, {slow.Call, 0.95, 0.7}}, nil)
	folded := g.Fold(IntoNamespaces)
	if len(folded.Edges) != 1 || folded.Edges[0].P95 == nil || *folded.Edges[0].P95 != 0.7 {
		t.Errorf("%+v", folded.Edges)
	}
}
