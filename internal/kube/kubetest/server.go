package kubetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	readyTimeout = 2 * time.Minute // a loaded machine of 2 cores; usually 3 seconds
	stopTimeout  = 20 * time.Second

	dualStackServices = "fd00:10:96::/112"
)

// shared holds the control planes of the test binary: tests of a package share them, and Main ends them.
//
//nolint:gochecknoglobals // one set of processes for each test binary is the purpose
var shared = servers{started: map[options]outcome{}}

type servers struct {
	mu      sync.Mutex
	enabled bool
	started map[options]outcome
}

// outcome of starting a control plane; a failure is kept too, so that the next test need not wait for it again.
type outcome struct {
	server *Server
	err    error
}

func (s *servers) get(binary string, chosen options) (*Server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, found := s.started[chosen]
	if !found {
		result.server, result.err = startServer(binary, chosen)
		s.started[chosen] = result
	}
	return result.server, result.err
}

func (s *servers) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, result := range s.started {
		if result.server != nil {
			result.server.Stop()
		}
	}
}

// Server is one control-plane process. It ends when its standard input closes, so also when the program that started
// it dies.
type Server struct {
	Kubeconfig string // path

	dir     string
	process *exec.Cmd
	input   io.Closer
}

// StartServer runs a control plane with the given smm-sandbox, for programs that are no tests. Stop it after use.
func StartServer(binary string, opts ...Option) (*Server, error) {
	return startServer(binary, chosenBy(opts))
}

func startServer(binary string, chosen options) (*Server, error) {
	dir, err := os.MkdirTemp("", "smm-kubetest-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if s.Kubeconfig, err = s.start(binary, chosen); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// start runs the control plane and returns the path of its kubeconfig once it is ready.
func (s *Server) start(binary string, chosen options) (string, error) {
	logPath := filepath.Join(s.dir, "control-plane.log")
	log, err := os.Create(logPath)
	if err != nil {
		return "", err
	}
	defer log.Close()

	args := []string{
		"control-plane", "--exit-on-stdin-close", "--dir", filepath.Join(s.dir, "state"),
		"--controllers=" + strconv.FormatBool(chosen.controllers),
	}
	if chosen.dualStack {
		args = append(args, "--second-service-range", dualStackServices)
	}
	s.process = exec.CommandContext(context.Background(), binary, args...)
	s.process.Stderr = log
	output, err := s.process.StdoutPipe()
	if err != nil {
		return "", err
	}
	if s.input, err = s.process.StdinPipe(); err != nil {
		return "", err
	}
	if err := s.process.Start(); err != nil {
		s.process = nil
		return "", err
	}
	kubeconfig, err := awaitReady(output, readyTimeout)
	if err != nil {
		return "", fmt.Errorf("%s control-plane: %w; its log ends with:\n%s", filepath.Base(binary), err, lastLines(logPath, 20))
	}
	return kubeconfig, nil
}

// awaitReady reads the line "ready <kubeconfig path>".
func awaitReady(output io.Reader, timeout time.Duration) (string, error) {
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if path, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
				ready <- path
			}
		}
	}()
	select {
	case path, ok := <-ready:
		if !ok {
			return "", fmt.Errorf("it ended before it was ready")
		}
		return path, nil
	case <-time.After(timeout):
		return "", fmt.Errorf("it was not ready within %s", timeout)
	}
}

// Stop ends the process, waits for it and removes its files. It may be called again.
func (s *Server) Stop() {
	if s.process != nil {
		_ = s.input.Close()
		kill := time.AfterFunc(stopTimeout, func() { _ = s.process.Process.Kill() })
		_ = s.process.Wait() // how it ends is no test's concern
		kill.Stop()
		s.process = nil
	}
	_ = os.RemoveAll(s.dir)
}

func lastLines(path string, count int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
