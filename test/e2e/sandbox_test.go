package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// sandbox is a sandbox that is run by the command line.
type sandbox struct {
	smm, stateDir string

	// Known once it is up.
	output     string // of `sandbox up`
	kubeconfig string // path
	config     *rest.Config
}

// command prepares `smm args...`, which ends with the context.
func (s *sandbox) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.smm, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// sandboxCommand prepares `smm sandbox args...` for this sandbox.
func (s *sandbox) sandboxCommand(ctx context.Context, args ...string) *exec.Cmd {
	return s.command(ctx, append([]string{"sandbox", "--state-dir", s.stateDir}, args...)...)
}

// up starts the sandbox with the demo application, as `make run` does.
func (s *sandbox) up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, upTimeout)
	defer cancel()
	start := time.Now()
	up := s.sandboxCommand(ctx, "up", "--demo")
	output, err := up.CombinedOutput()
	if err != nil {
		return fmt.Errorf("smm sandbox up --demo: %w\n%s%s", err, output, s.logs())
	}
	s.output = string(output)
	fmt.Printf("`smm sandbox up --demo` took %.1f s\n", time.Since(start).Seconds())
	path, err := s.sandboxCommand(ctx, "kubeconfig").Output()
	if err != nil {
		return fmt.Errorf("smm sandbox kubeconfig: %w", err)
	}
	s.kubeconfig = strings.TrimSpace(string(path))
	if s.config, err = clientcmd.BuildConfigFromFlags("", s.kubeconfig); err != nil {
		return err
	}
	s.config.QPS = -1 // tests are not to wait for themselves
	return nil
}

func (s *sandbox) down(ctx context.Context) error {
	output, err := s.sandboxCommand(ctx, "down").CombinedOutput()
	if err != nil {
		return fmt.Errorf("smm sandbox down: %w\n%s", err, output)
	}
	return nil
}

// logs is the end of the sandbox's own logs, for messages.
func (s *sandbox) logs() string {
	text := ""
	for _, name := range []string{"supervisor.log", "c1/cluster.log"} {
		if log, err := os.ReadFile(filepath.Join(s.stateDir, name)); err == nil {
			text += "\n" + name + ":\n" + string(log[max(0, len(log)-4096):])
		}
	}
	return text
}

// run runs the prepared command to its end and returns what it wrote on its standard output.
func run(cmd *exec.Cmd) (string, error) {
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[1:], " "), err, failure.String())
	}
	return out.String(), nil
}

// kubectl runs the built-in kubectl, with input if it is not empty, and fails the test if it fails.
func kubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, err := tryKubectl(t, input, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryKubectl(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := box.sandboxCommand(ctx, append([]string{"kubectl"}, args...)...)
	if input != "" {
		cmd.Stdin = strings.NewReader(input)
	}
	return run(cmd)
}

// smm runs the command line on the sandbox's cluster, and fails the test if it fails.
func smm(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	out, err := run(box.command(ctx, append([]string{"--kubeconfig", box.kubeconfig}, args...)...))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stream is a command that goes on in the background of a test.
type stream struct {
	out   io.Reader
	ended chan struct{}
	err   error // how it ended, once it has
}

// startKubectl starts the built-in kubectl, which ends with the test at the latest.
func startKubectl(t *testing.T, args ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	cmd := box.sandboxCommand(ctx, append([]string{"kubectl"}, args...)...)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.SetReadDeadline(time.Now().Add(commandTimeout))
	cmd.Stdout, cmd.Stderr = writer, writer
	err = cmd.Start()
	writer.Close()
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{out: reader, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		s.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		cancel()
		<-s.ended
		reader.Close()
	})
	return s
}

// table parses what kubectl and smm print: columns that start below their titles.
func table(output string) []map[string]string {
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	type column struct {
		title string
		start int
	}
	var columns []column
	for i := 0; i < len(lines[0]); {
		rest := lines[0][i:]
		end := strings.Index(rest, "  ")
		if end < 0 {
			end = len(rest)
		}
		columns = append(columns, column{title: strings.TrimSpace(rest[:end]), start: i})
		for i += end; i < len(lines[0]) && lines[0][i] == ' '; i++ {
		}
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, c := range columns {
			end := len(line)
			if i+1 < len(columns) {
				end = min(end, columns[i+1].start)
			}
			row[c.title] = strings.TrimSpace(line[min(c.start, end):end])
		}
		rows = append(rows, row)
	}
	return rows
}
