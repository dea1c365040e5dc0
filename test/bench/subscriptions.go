package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	subscribers = 50
	// followedFor is how long the server works for the subscribers.
	followedFor = 30 * time.Second
	// ticksPerSecond is in what Linux tells the time that a process has used (USER_HZ).
	ticksPerSecond = 100
)

// measureSubscriptions follows the topology as many open dashboards do, and measures what that costs a server.
func measureSubscriptions(ctx context.Context, box sandbox, r *report) (err error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	server, err := start(ctx, "the server", box.smm, "--kubeconfig", filepath.Join(box.dir, "c1", "kubeconfig"),
		"server", "run", "--anonymous-auth", "--address", address, "--cluster-name", "c1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	url := "http://" + address
	if err := answers(ctx, url+"/healthz"); err != nil {
		return fmt.Errorf("wait for the server: %w\n%s", err, server.log())
	}

	following, stop := context.WithCancel(ctx)
	defer stop()
	group, following := errgroup.WithContext(following)
	var told atomic.Int64
	for range subscribers {
		group.Go(func() error { return follow(following, url+"/api/graphql", &told) })
	}
	if err := poll(ctx, func(context.Context) (bool, error) { return told.Load() >= 2*subscribers, following.Err() }); err != nil {
		return errors.Join(err, group.Wait())
	}
	before, err := processorTime(server.cmd.Process.Pid)
	if err != nil {
		return err
	}
	begun, first := time.Now(), told.Load()
	if err := pause(ctx, followedFor); err != nil {
		return err
	}
	after, err := processorTime(server.cmd.Process.Pid)
	if err != nil {
		return err
	}
	r.count("subscriptions: CPUs for 50 that follow the topology", (after-before).Seconds()/time.Since(begun).Seconds(), "< 1")
	r.count("subscriptions: graphs told to each in a minute", float64(told.Load()-first)/subscribers/time.Since(begun).Minutes(), "")
	stop()
	return group.Wait()
}

// follow reads a subscription's answers until the context ends, and counts them.
func follow(ctx context.Context, url string, told *atomic.Int64) error {
	const query = `{"query": "subscription { topology(seconds: 2) { at problems nodes { id idle } edges { from to mutualTLS traffic { requests errorRate p95 } } } }"}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(query))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		data, is := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !is || data == "":
		case strings.Contains(data, `"errors"`):
			return fmt.Errorf("a subscription failed: %s", data)
		default:
			told.Add(1)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("a subscription ended: %w", errors.Join(lines.Err(), errors.New(response.Status)))
}

// answers waits until a URL answers that all is well.
func answers(ctx context.Context, url string) error {
	return poll(ctx, func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, nil //nolint:nilerr // nobody listens yet
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
}

// processorTime is what a process has used of the processors.
func processorTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// After the name, which is in parentheses: the state is field 3, utime and stime are fields 14 and 15 (proc_pid_stat(5)).
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("the kernel tells nothing of the process's time")
	}
	ticks := 0
	for _, field := range fields[11:13] {
		used, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += used
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}
