// Package containertest runs a package's tests where pods can be made: in namespaces of their own, with a bridge, as root and
// as a user without rights.
package containertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// The network that tests find.
const (
	Bridge  = "cbr0"
	Gateway = "10.201.0.1"
)

const (
	worldVariable   = "CONTAINERTEST_WORLD"
	programVariable = "CONTAINERTEST_PROGRAM"
	nobody          = 65534
)

// Main is what TestMain of a package does whose tests start pods. It does not return.
func Main(m *testing.M) {
	if filepath.Base(os.Args[0]) == filepath.Base(programPath) {
		program(os.Args[1:])
	}
	switch os.Getenv(worldVariable) {
	case "":
		os.Exit(runWorlds())
	case "none":
	default:
		if err := prepareWorld(); err != nil {
			fmt.Fprintln(os.Stderr, "prepare the tests' namespaces:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// Require skips a test where namespaces are forbidden.
func Require(t testing.TB) {
	t.Helper()
	if os.Getenv(worldVariable) == "none" {
		t.Skip("this machine forbids the namespaces that pods need")
	}
}

// runWorlds runs the tests in each world that this process may make.
func runWorlds() int {
	dir, err := os.MkdirTemp("", "containertest")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	// The directory in which go test makes its executable is closed to other users.
	executable := filepath.Join(dir, filepath.Base(programPath))
	if err := errors.Join(os.Chmod(dir, 0o755), copyFile("/proc/self/exe", executable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if os.Getuid() != 0 {
		return runWorld("user", executable)
	}
	return max(runWorld("root", executable), runAsNobody(executable))
}

const newNamespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET

func runWorld(world, executable string) int {
	attr := &syscall.SysProcAttr{Cloneflags: newNamespaces, Pdeathsig: syscall.SIGKILL}
	if world == "user" {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	fmt.Printf("=== as %s\n", world)
	code, err := run(executable, world, attr)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		fmt.Printf("=== without namespaces, which this machine forbids: %v\n", err)
		code, err = run(executable, "none", &syscall.SysProcAttr{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}

// runAsNobody is what the tests do when another user calls them.
func runAsNobody(executable string) int {
	// Files that flags name are this user's to write.
	os.Args = slices.DeleteFunc(os.Args, func(arg string) bool {
		return strings.HasPrefix(arg, "-test.testlogfile=") || strings.Contains(arg, "profile=")
	})
	code, err := run(executable, "", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}

// run runs this executable, or the accessible copy of it, with the same flags and returns its exit code. An
// error means that it could not be started.
func run(executable, world string, attr *syscall.SysProcAttr) (int, error) {
	cmd := exec.CommandContext(context.Background(), executable, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), worldVariable+"="+world, programVariable+"="+executable)
	cmd.SysProcAttr = attr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1), nil
	}
	return 1, err
}

func prepareWorld() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = Bridge
	attributes.HardwareAddr = net.HardwareAddr{0x02, 0, 0, 0, 0, 1}
	bridge := &netlink.Bridge{LinkAttrs: attributes}
	address, err := netlink.ParseAddr(Gateway + "/16")
	if err != nil {
		return err
	}
	return errors.Join(netlink.LinkSetUp(loopback), netlink.LinkAdd(bridge), netlink.AddrAdd(bridge, address), netlink.LinkSetUp(bridge))
}

// copyFile copies a program. Nobody may fork meanwhile: a child would hold the copy open for writing until it runs another
// program, and what is open for writing cannot be run ("text file busy").
func copyFile(from, to string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755)
}

// Image is the test executable as a container's image. As a container it does what its arguments say, see program.
func Image() container.Image {
	return container.Image{Path: os.Getenv(programVariable), Entrypoint: []string{programPath}}
}
