package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// serverStartTimeout bounds how long the dashboard's server may take to answer.
	serverStartTimeout = 30 * time.Second
	// serverStopTimeout is how long it may take to end.
	serverStopTimeout = 10 * time.Second
	// serverPoll is the time between two looks at it.
	serverPoll = 100 * time.Millisecond
)

// sandboxServer is the process that serves the dashboard of the sandbox's first cluster on this machine. Its file and its log
// lie beside the cluster's kubeconfig.
type sandboxServer struct {
	PID     int    `json:"pid"`
	Address string `json:"address"`

	kubeconfig string
}

func (s *sandboxServer) file() string {
	return filepath.Join(filepath.Dir(s.kubeconfig), "server.json")
}
func (s *sandboxServer) log() string { return filepath.Join(filepath.Dir(s.kubeconfig), "server.log") }
func (s *sandboxServer) url() string { return "http://" + s.Address }

// readSandboxServer reads who serves the cluster of a kubeconfig; nobody does when its process is not alive.
func readSandboxServer(kubeconfig string) *sandboxServer {
	s := &sandboxServer{kubeconfig: kubeconfig}
	content, err := os.ReadFile(s.file())
	if err != nil || json.Unmarshal(content, s) != nil || !s.alive() {
		s.PID, s.Address = 0, ""
	}
	return s
}

// alive tells whether the process is there and is still the one: another may have got its number.
func (s *sandboxServer) alive() bool {
	command, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.PID), "cmdline"))
	return err == nil && s.PID > 0 && bytes.Contains(command, []byte("\x00"+s.kubeconfig+"\x00"))
}

// startServer makes the dashboard of a cluster be served at the documented port, or at a free one where it is taken.
func (s *sandbox) startServer(ctx context.Context, kubeconfig string) (*sandboxServer, error) {
	server := readSandboxServer(kubeconfig)
	if server.PID != 0 {
		return server, nil
	}
	var err error
	if server.Address, err = freeAddress(dashboardPort); err != nil {
		return nil, err
	}
	if err := server.start(); err != nil {
		return nil, fmt.Errorf("start the dashboard's server: %w", err)
	}
	content, err := json.Marshal(server)
	if err == nil {
		err = os.WriteFile(server.file(), content, 0o600)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("note the dashboard's server: %w", err), server.stop())
	}
	return server, server.await(ctx)
}

func (s *sandboxServer) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// It outlives this command.
	cmd := exec.CommandContext(context.Background(), self, "server", "run", "--kubeconfig", s.kubeconfig, "--address", s.Address, "--anonymous-auth")
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, detached()
	if err := cmd.Start(); err != nil {
		return err
	}
	s.PID = cmd.Process.Pid
	return cmd.Process.Release()
}

// await waits until the server answers.
func (s *sandboxServer) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, serverStartTimeout)
	defer cancel()
	for s.alive() {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+"/healthz", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the dashboard's server does not answer: see %s", s.log())
		case <-time.After(serverPoll):
		}
	}
	return fmt.Errorf("the dashboard's server ended: see %s", s.log())
}

// stop ends the process and waits until it is gone.
func (s *sandboxServer) stop() error {
	if s.PID == 0 || !s.alive() {
		return nil
	}
	process, err := os.FindProcess(s.PID)
	if err != nil {
		return fmt.Errorf("stop the dashboard's server: %w", err)
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Kill} {
		_ = process.Signal(signal) // it may have ended meanwhile
		for deadline := time.Now().Add(serverStopTimeout); time.Now().Before(deadline); time.Sleep(serverPoll) {
			if !s.alive() {
				return nil
			}
		}
	}
	return fmt.Errorf("the dashboard's server, process %d, does not end", s.PID)
}

// stopServers stops those of all clusters of the sandbox. Where there is no sandbox, there is none of them.
func (s *sandbox) stopServers(ctx context.Context) error {
	quiet := *s.app
	quiet.Err = io.Discard
	var paths bytes.Buffer
	if err := (&sandbox{app: &quiet, stateDir: s.stateDir}).run(ctx, &paths, "kubeconfig", "--all"); err != nil {
		return nil //nolint:nilerr // what follows says what is wrong with the sandbox
	}
	var problems []error
	for _, kubeconfig := range strings.Fields(paths.String()) {
		problems = append(problems, readSandboxServer(kubeconfig).stop())
	}
	return errors.Join(problems...)
}

// freeAddress is an address of this machine at the port, or at another one where the port is taken.
func freeAddress(port int) (string, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", fmt.Errorf("find a free port: %w", err)
		}
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
