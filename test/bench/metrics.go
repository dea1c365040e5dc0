package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/traffic"
	"github.com/meshmanager/smm/internal/telemetry"
)

// measureMetrics computes the graph of a large mesh from a real Prometheus that has the metrics of both ends of all edges.
func measureMetrics(ctx context.Context, program string, r *report) (err error) {
	dir, err := os.MkdirTemp("", "smm-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	prometheus, err := startPrometheus(ctx, program, dir)
	if err != nil {
		return err
	}
	defer func() {
		if stopped := prometheus.stop(); err == nil {
			err = stopped
		}
	}()
	series, err := fill(ctx, prometheus.url, time.Now())
	if err != nil {
		return err
	}
	r.count("metrics: series of 10,000 edges", float64(series), "")

	var asked atomic.Int32
	backend, err := telemetry.NewBackend("", telemetry.Settings{URL: prometheus.url, Timeout: time.Minute, Transport: roundTripper(
		func(request *http.Request) (*http.Response, error) {
			asked.Add(1)
			return http.DefaultTransport.RoundTrip(request)
		})}, scrapeInterval)
	if err != nil {
		return err
	}
	if err := awaitRecorded(ctx, backend); err != nil {
		return err
	}
	nothing := func(context.Context) ([]*inventory.Inventory, error) { return nil, nil }
	source := &traffic.Source{Mesh: &telemetry.Mesh{Backends: []*telemetry.Backend{backend}}, Inventories: nothing}
	for _, ask := range []struct {
		name      string
		quantiles []float64
		aim       string
	}{
		{"metrics: graph of 10,000 edges from Prometheus, without latencies", nil, ""},
		{"metrics: graph of 10,000 edges from Prometheus, with P50, P95 and P99", []float64{0.5, 0.95, 0.99}, "< 1.5 s"},
	} {
		runtime.GC() // of what was written
		asked.Store(0)
		begun := time.Now()
		snapshot, err := source.At(ctx, begun, ask.quantiles...)
		if err != nil {
			return err
		}
		r.seconds(ask.name, time.Since(begun), ask.aim)
		if edges := snapshot.Graph.Edges; len(edges) != benchEdges || !snapshot.Outage.Complete() || (ask.quantiles != nil) != (edges[0].P99 != nil) {
			return fmt.Errorf("the graph from Prometheus has %d edges, want %d with latencies: %v", len(edges), benchEdges, snapshot.Outage.Texts())
		}
	}
	r.count("metrics: queries for it", float64(asked.Load()), "≤ 8")
	return nil
}

// awaitRecorded waits until Prometheus has computed ahead the latencies of all edges.
func awaitRecorded(ctx context.Context, backend *telemetry.Backend) error {
	mesh := &telemetry.Mesh{Backends: []*telemetry.Backend{backend}}
	return poll(ctx, func(ctx context.Context) (bool, error) {
		latencies, problems := mesh.Latencies(ctx, time.Now(), telemetry.ByEdge, 0.99)
		if len(problems) > 0 {
			return false, fmt.Errorf("wait for the latencies: %s", problems[0])
		}
		return len(latencies) == benchEdges, nil
	})
}

// prometheusProcess is a Prometheus that collects nothing and takes what is written to it.
type prometheusProcess struct {
	*process
	url string
}

func startPrometheus(ctx context.Context, program, dir string) (*prometheusProcess, error) {
	rules, err := telemetry.RecordingRules(scrapeInterval)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "prometheus.yml")
	for file, content := range map[string]string{config: "rule_files: [rules.yml]\n", filepath.Join(dir, "rules.yml"): string(rules)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, "Prometheus", program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--web.enable-remote-write-receiver", "--log.level=warn")
	if err != nil {
		return nil, err
	}
	started := &prometheusProcess{p, "http://" + address}
	if err := answers(ctx, started.url+"/-/ready"); err != nil {
		return nil, fmt.Errorf("wait for Prometheus: %w\n%s", err, p.log())
	}
	return started, nil
}

// freeAddress is one of this machine's addresses at which nobody listens.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
