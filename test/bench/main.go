// Command bench measures what users wait for and pay for: how fast a sandbox with the mesh and the demo application is
// up, what it takes in memory, and what rendering, applying and reconciling control planes and gateways cost.
//
// Figures are medians over several runs; the machine's own noise is measured with them, since a difference within it
// means nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	bin := flag.String("bin", "bin", "`directory` with the built programs")
	runs := flag.Int("runs", 3, "`number` of times that everything is measured")
	only := flag.String("only", "", "measure only this: sandbox, chart, gateways, helm, topology, metrics, health, analyze or registry")
	clusters := flag.Int("clusters", 20, "`number` of clusters of the cluster registry's measurement")
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	klog.SetSlogLogger(slog.New(slog.DiscardHandler)) // watches that end with their sandbox

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, *bin, *runs, *only, *clusters)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// byItself is measured only when it is asked for: it takes gigabytes of memory.
const byItself = "registry"

func bench(ctx context.Context, bin string, runs int, only string, clusters int) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	measurements := []struct {
		name, what string
		measure    func(context.Context, *report) error
	}{
		{"sandbox", "a sandbox with the mesh and the demo application", func(ctx context.Context, r *report) error { return measureSandbox(ctx, bin, r) }},
		{"chart", "the chart on an empty control plane", func(ctx context.Context, r *report) error {
			return measureChart(ctx, filepath.Join(bin, "smm-sandbox"), r)
		}},
		{"gateways", "many gateways, by an operator of its own", func(ctx context.Context, r *report) error { return measureGateways(ctx, bin, r) }},
		{"helm", "rendering beside `helm template`", func(ctx context.Context, r *report) error {
			return measureHelm(ctx, filepath.Join(bin, "helmtemplate"), r)
		}},
		{"topology", "the topology of a large mesh", func(_ context.Context, r *report) error { return measureTopology(r) }},
		{"metrics", "the topology of a large mesh from a real Prometheus", func(ctx context.Context, r *report) error {
			return measureMetrics(ctx, filepath.Join(bin, "prometheus"), r)
		}},
		{"health", "the health of a large mesh", func(_ context.Context, r *report) error { return measureHealth(r) }},
		{"analyze", "validation beside `istioctl analyze`", func(ctx context.Context, r *report) error { return measureAnalyze(ctx, bin, r) }},
		{"registry", "the cluster registry of many clusters", func(ctx context.Context, r *report) error { return measureRegistry(ctx, bin, clusters, r) }},
	}
	report := newReport()
	for run := range runs {
		for _, m := range measurements {
			if only != m.name && (only != "" || m.name == byItself) {
				continue
			}
			fmt.Fprintf(os.Stderr, "Run %d of %d: %s\n", run+1, runs, m.what)
			report.noise.sample()
			if err := m.measure(ctx, report); err != nil {
				return errors.Join(report.write(os.Stdout), err) // what was measured until then took minutes
			}
		}
		report.noise.sample()
	}
	return report.write(os.Stdout)
}
