// Command gateway-standin plays Envoy in the gateways of a sandbox. Istio's agent starts it, with Envoy's flags.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/gateway"
	"github.com/meshmanager/smm/sandbox/internal/gateway/bootstrap"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gateway-standin:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("gateway-standin", flag.ContinueOnError)
	file := flags.String("c", "", "`file` with Envoy's bootstrap")
	drainSeconds := flags.Int("drain-time-s", 600, "how many `seconds` connections are still taken at the end")
	level := slog.LevelInfo
	flags.Func("l", "log `level`", func(text string) error {
		if text == "debug" || text == "trace" {
			level = slog.LevelDebug
		}
		return nil
	})
	ignoreEnvoys(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*file)
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	b, err := bootstrap.Parse(text)
	if err != nil {
		return fmt.Errorf("bootstrap %s: %w", *file, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return gateway.Run(ctx, b, time.Duration(*drainSeconds)*time.Second, log)
}

// ignoreEnvoys takes Envoy's other flags, which mean nothing here.
func ignoreEnvoys(flags *flag.FlagSet) {
	for _, name := range []string{
		"component-log-level", "config-yaml", "concurrency", "drain-strategy",
		"file-flush-interval-msec", "file-flush-min-size-kb", "local-address-ip-version",
	} {
		flags.String(name, "", "ignored")
	}
	for _, name := range []string{"allow-unknown-static-fields", "disable-hot-restart", "enable-core-dump", "skip-deprecated-logs"} {
		flags.Bool(name, false, "ignored")
	}
}
