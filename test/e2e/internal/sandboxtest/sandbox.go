package sandboxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

const (
	upTimeout   = 6 * time.Minute // on a loaded machine of 2 cores; usually half a minute
	downTimeout = 2 * time.Minute
)

// Sandbox is a sandbox that is run by the command line.
type Sandbox struct {
	// Output is what `smm sandbox up` wrote.
	Output string
	// Clusters are c1, c2 and so on.
	Clusters []*Cluster

	smm, stateDir string
	guard         *guardian
	before        machine
}

// Start runs `smm sandbox up` with the arguments and waits until it is ready. The sandbox ends with End, or with this
// process. The error says what the logs do.
func Start(ctx context.Context, args ...string) (*Sandbox, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "smm-e2e-")
	if err != nil {
		return nil, err
	}
	s := &Sandbox{smm: filepath.Join(bin, "smm"), stateDir: filepath.Join(dir, "state")}
	if s.before, err = observeMachine(); err != nil {
		return nil, err
	}
	if s.guard, err = startGuardian(s); err != nil {
		return nil, err
	}
	if err := s.up(ctx, args...); err != nil {
		return nil, errors.Join(err, s.End())
	}
	return s, nil
}

// End runs `smm sandbox down` and fails if that leaves anything behind.
func (s *Sandbox) End() error {
	processes, err := s.Processes()
	err = errors.Join(err, s.guard.end(), leftovers(s, s.before, processes))
	if err != nil {
		return fmt.Errorf("after `smm sandbox down`: %w", err)
	}
	fmt.Printf("`smm sandbox down` left nothing of %d processes behind\n", len(processes))
	return nil
}

// Command prepares `smm args...`, which ends with the context.
func (s *Sandbox) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.smm, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// command prepares `smm sandbox args...` for this sandbox.
func (s *Sandbox) command(ctx context.Context, args ...string) *exec.Cmd {
	return s.Command(ctx, append([]string{"sandbox", "--state-dir", s.stateDir}, args...)...)
}

func (s *Sandbox) up(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, upTimeout)
	defer cancel()
	start := time.Now()
	output, err := s.command(ctx, append([]string{"up"}, args...)...).CombinedOutput()
	told := "smm sandbox up " + strings.Join(args, " ")
	if err != nil {
		return fmt.Errorf("%s: %w\n%s%s", told, err, output, s.logs())
	}
	s.Output = string(output)
	fmt.Printf("`%s` took %.1f s\n", told, time.Since(start).Seconds())
	paths, err := s.command(ctx, "kubeconfig", "--all").Output()
	if err != nil {
		return fmt.Errorf("smm sandbox kubeconfig: %w", err)
	}
	for i, path := range strings.Fields(string(paths)) {
		config, err := clientcmd.BuildConfigFromFlags("", path)
		if err != nil {
			return err
		}
		config.QPS = -1 // tests are not to wait for themselves
		s.Clusters = append(s.Clusters, &Cluster{Name: fmt.Sprintf("c%d", i+1), Kubeconfig: path, Config: config, sandbox: s})
	}
	return nil
}

func (s *Sandbox) down(ctx context.Context) error {
	output, err := s.command(ctx, "down").CombinedOutput()
	if err != nil {
		return fmt.Errorf("smm sandbox down: %w\n%s", err, output)
	}
	return nil
}

// logs is the end of the sandbox's own logs, for messages.
func (s *Sandbox) logs() string {
	text := ""
	for _, name := range []string{"supervisor.log", "c1/cluster.log"} {
		if log, err := os.ReadFile(filepath.Join(s.stateDir, name)); err == nil {
			text += "\n" + name + ":\n" + string(log[max(0, len(log)-4096):])
		}
	}
	return text
}

// Run runs the prepared command to its end and returns what it wrote on its standard output.
func Run(cmd *exec.Cmd) (string, error) {
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[1:], " "), err, failure.String())
	}
	return out.String(), nil
}

// binaries is the directory of the programs under test: that of the environment, else bin/ of the repository.
func binaries() (string, error) {
	if dir := os.Getenv("SMM_BIN"); dir != "" {
		return dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "bin"), nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("there is no go.mod above the test's directory")
		}
		dir = filepath.Dir(dir)
	}
}
