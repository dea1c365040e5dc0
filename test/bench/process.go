package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is a program that runs beside the measurement.
type process struct {
	what   string
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  bool
}

func startOperator(ctx context.Context, bin, kubeconfig string) (*process, error) {
	return start(ctx, "the operator", filepath.Join(bin, "smm"), "--kubeconfig", kubeconfig, "operator", "run",
		"--namespace", "default", "--leader-elect=false", "--health-address", "", "--metrics-address", "")
}

// start starts a program, which errors call what it is.
func start(ctx context.Context, what, program string, args ...string) (*process, error) {
	p := &process{what: what, cmd: exec.CommandContext(ctx, program, args...)}
	p.cmd.Stderr = &p.output
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.WaitDelay = stopTimeout
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", what, err)
	}
	return p, nil
}

// stop ends the program. It may be called again.
func (p *process) stop() error {
	if p.ended {
		return nil
	}
	p.ended = true
	kill := time.AfterFunc(stopTimeout, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%s ended: %w\n%s", p.what, err, p.log())
	}
	return nil
}

// peakMemory is the most memory that a process had at once, in bytes.
func peakMemory(pid int) (uint64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kibibytes, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kibibytes << 10, err
		}
	}
	return 0, errors.New("the kernel tells nothing of the process's memory")
}

// log is the end of what the program wrote. Call it when it is stopped or about to be.
func (p *process) log() string {
	lines := strings.Split(strings.TrimSpace(p.output.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}
