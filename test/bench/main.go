// Command bench measures what users wait for and pay for: how fast a sandbox with the mesh and the demo application is
// up, what it takes in memory, and what rendering, applying and reconciling a control plane cost.
//
// Figures are medians over several runs; the machine's own noise is measured with them, since a difference within it
// means nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"k8s.io/klog/v2"
)

func main() {
	bin := flag.String("bin", "bin", "`directory` with the built programs")
	runs := flag.Int("runs", 3, "`number` of sandboxes to start")
	flag.Parse()
	klog.SetSlogLogger(slog.New(slog.DiscardHandler)) // watches that end with their sandbox

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, *bin, *runs)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, bin string, runs int) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	report := newReport()
	for run := range runs {
		fmt.Fprintf(os.Stderr, "Run %d of %d: a sandbox with the mesh and the demo application\n", run+1, runs)
		report.noise.sample()
		if err := measureSandbox(ctx, bin, report); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "Run %d of %d: the chart on an empty control plane\n", run+1, runs)
		if err := measureChart(ctx, filepath.Join(bin, "smm-sandbox"), report); err != nil {
			return err
		}
		report.noise.sample()
	}
	return report.write(os.Stdout)
}
