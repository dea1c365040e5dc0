package service

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	patience = 20 * time.Second
	// insideVariable marks the process that runs the tests within namespaces of its own.
	insideVariable = "SMM_TEST_INSIDE_NAMESPACES"
	apiServer      = "127.0.0.1:6443"
)

// kubeconfig of the control plane that the tests share; empty, with the reason in missing, if there is none.
var kubeconfig, missing string

// TestMain runs the tests in a user and a network namespace where service addresses are local, as they are in
// a sandbox cluster, with a real control plane beside them.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(insideVariable) == "" {
		os.Exit(runInNamespaces(m))
	}
	os.Exit(runWithControlPlane(m))
}

func runInNamespaces(m *testing.M) int {
	inside := exec.Command("/proc/self/exe", os.Args[1:]...)
	inside.Stdin, inside.Stdout, inside.Stderr = os.Stdin, os.Stdout, os.Stderr
	inside.Env = append(os.Environ(), insideVariable+"=true")
	inside.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	err := inside.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		missing = fmt.Sprintf("user namespaces cannot be made here: %v", err)
		return m.Run()
	}
	return 0
}

func runWithControlPlane(m *testing.M) int {
	if err := makeAddressesLocal("10.0.0.0/8", "172.30.0.0/16"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binary, err := filepath.Abs("../../../bin/smm-sandbox")
	if err == nil {
		_, err = os.Stat(binary)
	}
	if err != nil {
		missing = fmt.Sprintf("build the binaries first: %v", err)
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "smm-service-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	stop, err := startControlPlane(binary, dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	return m.Run()
}

func makeAddressesLocal(prefixes ...string) error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("bring lo up: %w", err)
	}
	for _, prefix := range prefixes {
		_, network, err := net.ParseCIDR(prefix)
		if err != nil {
			return err
		}
		route := &netlink.Route{LinkIndex: loopback.Attrs().Index, Dst: network, Type: unix.RTN_LOCAL, Table: unix.RT_TABLE_LOCAL, Scope: netlink.SCOPE_HOST}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("make %s local: %w", prefix, err)
		}
	}
	return nil
}

// startControlPlane returns when the API server is ready, with a function that ends it.
func startControlPlane(binary, dir string) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	process := exec.CommandContext(ctx, binary, "control-plane", "--dir", dir, "--port", "6443", "--exit-on-stdin-close")
	log, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		cancel()
		return nil, err
	}
	defer log.Close()
	process.Stderr = log
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	input, _ := process.StdinPipe()
	output, _ := process.StdoutPipe()
	if err := process.Start(); err != nil {
		cancel()
		return nil, err
	}
	stop = func() {
		input.Close()
		kill := time.AfterFunc(patience, cancel)
		defer kill.Stop()
		_ = process.Wait() // how it ends is no test's concern
		cancel()
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	path, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ready {
		stop()
		content, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("the control plane did not start: %q, %w\n%s", line, err, content)
	}
	go func() { _, _ = io.Copy(io.Discard, output) }()
	kubeconfig = path
	return stop, nil
}
