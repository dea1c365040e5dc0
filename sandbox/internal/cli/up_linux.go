package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/sandbox/internal/world"
	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

func newUpCommand(a *app) *cobra.Command {
	var options world.UpOptions
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the sandbox, or resume it, and wait until its clusters are ready",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("clusters") && (options.Clusters < 1 || options.Clusters > layout.MaxClusters) {
				return usageError{fmt.Errorf("--clusters: %d is not between 1 and %d", options.Clusters, layout.MaxClusters)}
			}
			if options.Networks < 0 {
				return usageError{fmt.Errorf("--networks: %d is no number of networks", options.Networks)}
			}
			if options.PortBase < 0 || options.PortBase > 65535-layout.MaxClusters {
				return usageError{fmt.Errorf("--host-port-base: %d is no port with room for the clusters", options.PortBase)}
			}
			dir, err := stateDir(cmd)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return a.up(ctx, dir, options)
		},
	}
	addStateDir(cmd)
	flags := cmd.Flags()
	flags.IntVar(&options.Clusters, "clusters", 0, "how many clusters (default: as many as last time, or 1)")
	flags.IntVar(&options.Networks, "networks", 0, "how many networks the clusters take turns in (default: those of last time, or one for each cluster)")
	flags.IntVar(&options.PortBase, "host-port-base", 0, "port of the first cluster's API server on 127.0.0.1 (default: that of last time, or a free one)")
	flags.DurationVar(&timeout, "timeout", 3*time.Minute, "how long to wait for the clusters")
	return cmd
}

func (a *app) up(ctx context.Context, dir layout.Dir, options world.UpOptions) error {
	started := time.Now()
	step := newStep(a.err, "Starting the sandbox")
	clusters, err := world.Up(ctx, dir, options)
	if err == nil {
		err = waitForAll(ctx, dir, clusters, step)
	}
	if err != nil {
		step.fail()
		return err
	}
	step.done(fmt.Sprintf("Sandbox ready after %.1f s", time.Since(started).Seconds()))
	status, err := world.ReadStatus(ctx, dir)
	if err != nil {
		return err
	}
	return writeClusters(a.out, status)
}

// waitForAll waits for the clusters side by side.
func waitForAll(ctx context.Context, dir layout.Dir, clusters []layout.Cluster, step *step) error {
	errs := make([]error, len(clusters))
	board := newBoard(len(clusters), step)
	var waiting sync.WaitGroup
	for i, c := range clusters {
		waiting.Go(func() {
			errs[i] = world.WaitReady(ctx, dir, c, func(what string) { board.set(i, c.Name()+": waiting for the "+what) })
			if errs[i] == nil {
				board.set(i, c.Name()+": ready")
			}
		})
	}
	waiting.Wait()
	return errors.Join(errs...)
}

// board joins what several clusters wait for into one line.
type board struct {
	mu    sync.Mutex
	lines []string
	step  *step
}

func newBoard(size int, step *step) *board { return &board{lines: make([]string, size), step: step} }

func (b *board) set(i int, line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines[i] = line
	b.step.update(line, strings.Join(b.lines, ", "))
}
