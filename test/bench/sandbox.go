package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	upTimeout   = 5 * time.Minute
	stopTimeout = 2 * time.Minute
	// settleTime lets start-up garbage go before memory is read.
	settleTime = 10 * time.Second
)

// sandbox is one local cluster in a directory of its own.
type sandbox struct {
	smm string
	dir string
}

// measureSandbox starts a sandbox with everything in it, watches it come up, measures what runs, and removes it.
func measureSandbox(ctx context.Context, bin string, r *report) (err error) {
	dir, err := os.MkdirTemp("", "smm-bench-")
	if err != nil {
		return err
	}
	box := sandbox{smm: filepath.Join(bin, "smm"), dir: dir}
	defer func() { err = errors.Join(err, box.remove()) }()

	ctx, cancel := context.WithTimeout(ctx, upTimeout)
	defer cancel()
	started := time.Now()
	up := make(chan error, 1)
	go func() { up <- box.run(ctx, nil, "up", "--demo") }()
	config, watchErr := watchStart(ctx, box, started, r)
	if upErr := <-up; upErr != nil {
		return upErr
	}
	if watchErr != nil {
		return watchErr
	}
	if err := pause(ctx, settleTime); err != nil {
		return err
	}
	if err := measureMemory(ctx, box, r); err != nil {
		return err
	}
	if err := measureReconcile(ctx, config, r); err != nil {
		return err
	}
	if err := measureSubscriptions(ctx, box, r); err != nil {
		return err
	}
	return measurePods(ctx, config, r)
}

// kubeconfig waits until the sandbox has written the kubeconfig of its cluster, and loads it.
func (s sandbox) kubeconfig(ctx context.Context) (*rest.Config, error) {
	path := filepath.Join(s.dir, "c1", "kubeconfig")
	var config *rest.Config
	err := poll(ctx, func(context.Context) (bool, error) {
		loaded, err := clientcmd.BuildConfigFromFlags("", path)
		config = loaded
		return err == nil, nil
	})
	if err != nil {
		return nil, fmt.Errorf("no kubeconfig %s: %w", path, err)
	}
	config.QPS = -1 // measure the servers, not the client's throttle
	return config, nil
}

func (s sandbox) run(ctx context.Context, out *bytes.Buffer, command string, args ...string) error {
	cmd := exec.CommandContext(ctx, s.smm, append([]string{"sandbox", command, "--state-dir", s.dir}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTimeout
	var messages bytes.Buffer
	cmd.Stderr = &messages
	if out != nil {
		cmd.Stdout = out
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("smm sandbox %s: %w\n%s", command, err, messages.String())
	}
	return nil
}

func (s sandbox) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return errors.Join(s.run(ctx, nil, "down"), os.RemoveAll(s.dir))
}

// measureMemory reads the proportional set size of each part.
func measureMemory(ctx context.Context, box sandbox, r *report) error {
	var out bytes.Buffer
	if err := box.run(ctx, &out, "status", "-o", "json"); err != nil {
		return err
	}
	var status struct {
		Memory []struct {
			Name      string `json:"name"`
			Processes int    `json:"processes"`
			Bytes     uint64 `json:"bytes"`
		} `json:"memory"`
	}
	if err := json.Unmarshal(out.Bytes(), &status); err != nil {
		return fmt.Errorf("smm sandbox status: %w", err)
	}
	var total uint64
	for _, part := range status.Memory {
		name := "memory of " + part.Name
		if part.Processes > 1 {
			name += fmt.Sprintf(" (%d processes)", part.Processes)
		}
		r.mebibytes(name, part.Bytes, "")
		total += part.Bytes
	}
	r.mebibytes("memory of one cluster with the demo application", total, "under 1536 MiB")
	return nil
}
