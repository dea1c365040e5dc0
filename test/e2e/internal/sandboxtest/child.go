package sandboxtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// The test binary runs itself again for what another process must do; these variables say what, and of which sandbox.
const (
	childVariable = "SMM_E2E_CHILD"
	smmVariable   = "SMM_E2E_SMM"
	dirVariable   = "SMM_E2E_STATE_DIR"
	childGuardian = "guardian"
	childProbe    = "probe"
)

// ActAsChild does the work of a child process, if this is one. TestMain begins with it.
func ActAsChild() (done bool, code int) {
	switch os.Getenv(childVariable) {
	case childGuardian:
		return true, guard(&Sandbox{smm: os.Getenv(smmVariable), stateDir: os.Getenv(dirVariable)})
	case childProbe:
		// Some systems allow user namespaces but nothing in them.
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			fmt.Println(err)
			return true, 1
		}
		return true, 0
	}
	return false, 0
}

// child prepares the test binary to run as a child process.
func child(role string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"="+role)
	return cmd
}

// NamespacesAllowed makes the namespaces that a sandbox needs, and fails where the machine forbids them.
func NamespacesAllowed() error {
	probe := child(childProbe)
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID}
	if os.Getuid() != 0 {
		probe.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		probe.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		probe.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	output, err := probe.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w %s", err, output)
	}
	return nil
}

// guardian is a process that ends the sandbox when its standard input closes. The kernel closes it also when this
// process panics, runs into its time-out or is killed.
type guardian struct {
	process *exec.Cmd
	input   io.Closer
}

func startGuardian(s *Sandbox) (*guardian, error) {
	g := &guardian{process: child(childGuardian)}
	g.process.Env = append(g.process.Env, smmVariable+"="+s.smm, dirVariable+"="+s.stateDir)
	g.process.Stdout, g.process.Stderr = os.Stdout, os.Stderr
	g.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us
	var err error
	if g.input, err = g.process.StdinPipe(); err != nil {
		return nil, err
	}
	return g, g.process.Start()
}

// end makes the guardian end the sandbox, and waits for it.
func (g *guardian) end() error {
	return errors.Join(g.input.Close(), g.process.Wait())
}

// guard is the guardian's work.
func guard(s *Sandbox) int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, os.Stdin)
	ctx, cancel := context.WithTimeout(context.Background(), downTimeout)
	defer cancel()
	// The directory above the state is this package's; it can be removed only when nothing is left in it.
	if err := errors.Join(s.down(ctx), os.Remove(filepath.Dir(s.stateDir))); err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		return 1
	}
	return 0
}
