package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/meshmanager/smm/internal/topology"
)

const (
	benchServices  = 1000
	benchWorkloads = 3000
	benchEdges     = 10_000
)

// measureTopology computes the graph of a large mesh from samples of both ends of all edges.
func measureTopology(r *report) error {
	samples := benchSamples()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	graph := topology.Build(samples, nil, nil)
	r.milliseconds("topology: graph of 10,000 edges from samples", time.Since(start), "< 150 ms")
	runtime.ReadMemStats(&after)
	r.mebibytes("topology: allocated for it", after.TotalAlloc-before.TotalAlloc, "< 100 MiB")
	if len(graph.Edges) != benchEdges {
		return fmt.Errorf("the graph has %d edges, want %d", len(graph.Edges), benchEdges)
	}
	return nil
}

// benchCall is one of the edges, as both ends name it.
func benchCall(i int) (from, to, service string) {
	from = fmt.Sprintf("workload-%d", i%benchWorkloads)
	callee := (i*7 + i/benchWorkloads) % benchWorkloads
	return from, fmt.Sprintf("workload-%d", callee), fmt.Sprintf("service-%d", callee%benchServices)
}

func benchSamples() []topology.Sample {
	var samples []topology.Sample
	for i := range benchEdges {
		from, to, service := benchCall(i)
		for _, reporter := range []topology.Reporter{topology.Source, topology.Destination} {
			samples = append(samples, topology.Sample{Code: "200", Flags: "-", Requests: 1, Call: topology.Call{
				Reporter: reporter, Protocol: "http", Service: service, ServiceNamespace: "shop", Host: service + ".shop.svc.cluster.local",
				From: topology.Peer{Cluster: "c1", Namespace: "shop", Workload: from}, To: topology.Peer{Cluster: "c1", Namespace: "shop", Workload: to},
			}})
		}
	}
	return samples
}
