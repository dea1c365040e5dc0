package topology

import (
	"fmt"
	"testing"
)

// BenchmarkBuild measures a mesh of 1,000 services, 3,000 workloads and 10,000 edges that both ends report.
func BenchmarkBuild(b *testing.B) {
	var samples []Sample
	for i := range 10_000 {
		from, to := fmt.Sprintf("service-%d-v%d", i%1000, i%3), fmt.Sprintf("service-%d-v%d", (i*7+i/1000)%1000, i/1000%3)
		samples = append(samples, call(Source, from, to, 1), call(Destination, from, to, 1))
	}
	b.ReportAllocs()
	for b.Loop() {
		if g := Build(samples, nil, nil); len(g.Edges) != 10_000 {
			b.Fatalf("%d edges", len(g.Edges))
		}
	}
}
