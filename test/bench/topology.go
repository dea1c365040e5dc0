package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/topology"
)

const (
	benchServices  = 1000
	benchWorkloads = 3000
	benchEdges     = 10_000

	// benchInterval leaves time to collect the metrics.
	benchInterval = 30 * time.Second
	// benchPatience bounds the collecting.
	benchPatience = 6 * time.Minute
)

// measureTopology computes the graph of a large mesh: from samples that are there, and by asking a real Prometheus that has
// collected the metrics of both ends of all edges, with latencies in all of Istio's buckets.
func measureTopology(ctx context.Context, prometheus string, r *report) error {
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
	return askPrometheus(ctx, prometheus, r)
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

// askPrometheus asks a real Prometheus for the graph of the mesh.
func askPrometheus(ctx context.Context, program string, r *report) error {
	ctx, cancel := context.WithTimeout(ctx, benchPatience)
	defer cancel()
	target := httptest.NewServer(newBenchTarget())
	defer target.Close()
	address, stop, err := startPrometheus(ctx, program, target.Listener.Addr().String())
	if err != nil {
		return err
	}
	defer stop()
	backend, err := telemetry.NewBackend("c1", telemetry.Settings{URL: "http://" + address}, benchInterval)
	if err != nil {
		return err
	}
	mesh := &telemetry.Mesh{Backends: []*telemetry.Backend{backend}}
	if err := awaitEdges(ctx, mesh); err != nil {
		return err
	}
	for _, asked := range []struct {
		name      string
		quantiles []float64
		aim       string
	}{
		{"topology: structure and rates from a real Prometheus, 2 queries", nil, "< 1.5 s"},
		{"topology: the same with P95 of every edge, 3 queries", []float64{0.95}, ""},
		{"topology: the same with P50, P95 and P99, 5 queries", []float64{0.5, 0.95, 0.99}, ""},
	} {
		start := time.Now()
		samples, problems := mesh.Traffic(ctx, time.Now())
		latencies, slow := mesh.Latencies(ctx, time.Now(), telemetry.ByEdge, asked.quantiles...)
		graph := topology.Build(samples, latencies, nil)
		if len(problems)+len(slow) > 0 || len(graph.Edges) != benchEdges {
			return fmt.Errorf("%d edges, want %d; problems %v %v", len(graph.Edges), benchEdges, problems, slow)
		}
		r.seconds(asked.name, time.Since(start), asked.aim)
	}
	return nil
}

// awaitEdges waits until Prometheus has collected the metrics of all edges, and their latencies.
func awaitEdges(ctx context.Context, mesh *telemetry.Mesh) error {
	for {
		latencies, _ := mesh.Latencies(ctx, time.Now(), telemetry.ByEdge, 0.95)
		if len(latencies) == 2*benchEdges {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("prometheus collected %d of %d latencies in time", len(latencies), 2*benchEdges)
		case <-time.After(5 * time.Second):
		}
	}
}

// startPrometheus starts the program on one target and returns its address and what ends it.
func startPrometheus(ctx context.Context, program, target string) (address string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "smm-bench-prometheus-")
	if err != nil {
		return "", nil, err
	}
	config := fmt.Sprintf(`global: {scrape_interval: %[1]s, scrape_timeout: %[1]s}
scrape_configs: [{job_name: mesh, static_configs: [{targets: ["%[2]s"]}]}]
`, benchInterval, target)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = listener.Addr().String()
	listener.Close()
	cmd := exec.CommandContext(ctx, program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=error")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start prometheus: %w", err)
	}
	return address, func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		os.RemoveAll(dir)
	}, nil
}

// benchTarget serves the metrics of both ends of all edges; each scrape has more requests than the one before.
type benchTarget struct {
	served atomic.Int64
	labels []string
}

func newBenchTarget() *benchTarget {
	b := &benchTarget{}
	for i := range benchEdges {
		from, to, service := benchCall(i)
		for _, reporter := range []string{"source", "destination"} {
			b.labels = append(b.labels, fmt.Sprintf(`reporter="%[1]s",source_cluster="c1",source_workload_namespace="shop",source_workload="%[2]s",`+
				`source_app="%[2]s",destination_cluster="c1",destination_workload_namespace="shop",destination_workload="%[3]s",destination_app="%[3]s",`+
				`destination_service="%[4]s.shop.svc.cluster.local",destination_service_name="%[4]s",destination_service_namespace="shop",`+
				`request_protocol="http",response_code="200",response_flags="-",connection_security_policy="mutual_tls"`, reporter, from, to, service))
		}
	}
	return b
}

// benchBounds are the upper bounds that Envoy gives Istio's histograms.
func benchBounds() []string {
	return []string{
		"0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "30000", "60000", "300000",
		"600000", "1800000", "3600000", "+Inf",
	}
}

func (b *benchTarget) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	requests := 30 * b.served.Add(1)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	out := bufio.NewWriterSize(w, 1<<20)
	defer out.Flush()
	for _, labels := range b.labels {
		write(out, "istio_requests_total{", labels, "} ", strconv.FormatInt(requests, 10), "\n")
		for n, bound := range benchBounds() {
			within := strconv.FormatInt(min(requests, int64(n)*requests/5), 10)
			write(out, "istio_request_duration_milliseconds_bucket{", labels, `,le="`, bound, `"} `, within, "\n")
		}
	}
}

// write ignores errors, as does who writes an answer.
func write(out *bufio.Writer, parts ...string) {
	for _, part := range parts {
		_, _ = out.WriteString(part)
	}
}
