package container_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func argv(args ...string) []string {
	return append([]string{containertest.Image().Entrypoint[0]}, args...)
}

func execSpec(args ...string) container.ExecSpec { return container.ExecSpec{Argv: argv(args...)} }

func sleeper(t testing.TB, name string) *container.Container {
	t.Helper()
	s := spec(containertest.ActionSleep)
	s.Env = []string{"COLOUR=blue"}
	s.WorkDir = "/work"
	return start(t, startPod(t, newRuntime(t), name), s)
}

func TestExecJoinsTheContainer(t *testing.T) {
	c := sleeper(t, "exec-view")
	var out bytes.Buffer
	code, err := c.Exec(t.Context(), container.ExecSpec{
		Argv: argv(containertest.ActionView), Env: []string{"MORE=1"}, Streams: container.Streams{Stdout: &out},
	})
	if err != nil || code != 0 {
		t.Fatal(code, err)
	}
	var v containertest.View
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if v.PID == 1 || len(v.Processes) != 2 {
		t.Errorf("pid %d among %v", v.PID, v.Processes)
	}
	if v.Hostname != "exec-view" || v.Dir != "/work" || v.Address != "10.201.0.10/16" || v.Bounding != "00000000a00425fb" {
		t.Errorf("%+v", v)
	}
	if env := strings.Join(v.Env, " "); !strings.Contains(env, "COLOUR=blue") || !strings.Contains(env, "MORE=1") || !strings.Contains(env, "PATH=/") {
		t.Errorf("environment %v", v.Env)
	}
}

func TestExecStreams(t *testing.T) {
	c := sleeper(t, "exec-streams")
	for _, test := range []struct {
		argv           []string
		stdin          string
		stdout, stderr string
		code           int
	}{
		{argv: argv(containertest.ActionEcho), stdin: "one\ntwo", stdout: "one\ntwo"},
		{argv: argv(containertest.ActionPrint, "stdout", "words"), stdout: "words"},
		{argv: argv(containertest.ActionPrint, "stderr", "words"), stderr: "words"},
		{argv: argv(containertest.ActionExit, "9"), code: 9},
		{argv: argv(containertest.ActionSignal, strconv.Itoa(int(syscall.SIGKILL))), code: 137},
	} {
		var stdout, stderr bytes.Buffer
		code, err := c.Exec(t.Context(), container.ExecSpec{Argv: test.argv, Streams: container.Streams{
			Stdin: strings.NewReader(test.stdin), Stdout: &stdout, Stderr: &stderr,
		}})
		if err != nil || code != test.code || stdout.String() != test.stdout || stderr.String() != test.stderr {
			t.Errorf("%v: code %d, error %v, stdout %q, stderr %q", test.argv, code, err, stdout.String(), stderr.String())
		}
	}
}

// A caller may pass one buffer for both streams, as probes do.
func TestExecOneWriterForBothStreams(t *testing.T) {
	c := sleeper(t, "exec-both")
	var out bytes.Buffer
	code, err := c.Exec(t.Context(), container.ExecSpec{Argv: argv("nonsense"), Streams: container.Streams{Stdout: &out, Stderr: &out}})
	if err != nil || code != 1 || !strings.Contains(out.String(), `no action "nonsense"`) {
		t.Errorf("%d, %v, %q", code, err, out.String())
	}
}

// The end of an exec must not wait for a user who keeps stdin open.
func TestExecEndsWithOpenStdin(t *testing.T) {
	c := sleeper(t, "exec-stdin")
	stdin, keep := io.Pipe()
	defer keep.Close()
	begin := time.Now()
	code, err := c.Exec(t.Context(), container.ExecSpec{Argv: argv(containertest.ActionExit, "4"), Streams: container.Streams{Stdin: stdin}})
	if err != nil || code != 4 || time.Since(begin) > deadline/2 {
		t.Errorf("%d, %v after %v", code, err, time.Since(begin))
	}
}

func TestExecFails(t *testing.T) {
	c := sleeper(t, "exec-fails")
	for want, arguments := range map[string][]string{
		`exec in container main: exec: "sh": executable file not found in $PATH`: {"sh"},
		`exec in container main: no command`:                                     nil,
	} {
		if _, err := c.Exec(t.Context(), container.ExecSpec{Argv: arguments}); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", arguments, err, want)
		}
	}
	if err := c.Stop(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if _, err := c.Exec(t.Context(), container.ExecSpec{Argv: argv(containertest.ActionExit, "0")}); err == nil || !strings.Contains(err.Error(), "not running") {
		t.Errorf("exec in a stopped container: %v", err)
	}
}

// The end of the context, and that of the container, end what Exec runs.
func TestExecIsKilled(t *testing.T) {
	c := sleeper(t, "exec-killed")
	namespace := pidNamespace(c.PID())
	ctx, cancel := context.WithCancel(t.Context())
	stdout := &watchedBuffer{}
	go func() {
		stdout.waitFor(t, "ready")
		cancel()
	}()
	_, err := c.Exec(ctx, container.ExecSpec{Argv: argv(containertest.ActionFamily), Streams: container.Streams{Stdout: stdout}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	// The program's own child is the container's; the program is gone.
	if left := processesIn(t, namespace); len(left) != 2 {
		t.Errorf("processes %v, want the container's first and an orphan", left)
	}

	stdout = &watchedBuffer{}
	go func() {
		stdout.waitFor(t, "ready")
		_ = c.Stop(context.Background(), 0) // what Exec returns tells whether the container ended
	}()
	code, err := c.Exec(t.Context(), container.ExecSpec{Argv: argv(containertest.ActionTrap), Streams: container.Streams{Stdout: stdout}})
	if err != nil || code != 137 {
		t.Errorf("when the container ends: %d, %v", code, err)
	}
}

// A process must not go on for ever when the user who reads its output is gone.
func TestExecEndsWithItsReader(t *testing.T) {
	c := sleeper(t, "exec-reader")
	for _, test := range []struct {
		tty  bool
		want syscall.Signal
	}{{false, syscall.SIGPIPE}, {true, syscall.SIGHUP}} {
		gone, reader := io.Pipe()
		gone.Close()
		code, err := c.Exec(t.Context(), container.ExecSpec{
			Argv: argv(containertest.ActionTickEvery, "10"), TTY: test.tty, Streams: container.Streams{Stdout: reader},
		})
		if err != nil || code != 128+int(test.want) {
			t.Errorf("TTY %t: %d, %v, want the code of %v", test.tty, code, err, test.want)
		}
	}
}

// Where the sandbox was started by nohup, its containers do not inherit that.
func TestExecHearsHangupsAfterNohup(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	t.Cleanup(func() { signal.Reset(syscall.SIGHUP) })
	c := sleeper(t, "exec-nohup")
	gone, reader := io.Pipe()
	gone.Close()
	code, err := c.Exec(t.Context(), container.ExecSpec{
		Argv: argv(containertest.ActionTickEvery, "10"), TTY: true, Streams: container.Streams{Stdout: reader},
	})
	if err != nil || code != 128+int(syscall.SIGHUP) {
		t.Errorf("%d, %v", code, err)
	}
}

func TestExecTerminal(t *testing.T) {
	c := sleeper(t, "exec-tty")
	stdin, typed := io.Pipe()
	screen := &watchedBuffer{}
	sizes := make(chan container.Size, 1)
	go func() {
		sizes <- container.Size{Width: 80, Height: 24}
		sizes <- container.Size{Width: 132, Height: 50} // the first one is in effect now
		screenSize(t, typed, screen, "132 columns, 50 rows")
		fmt.Fprint(typed, "\x04") // end of input
	}()
	code, err := c.Exec(t.Context(), container.ExecSpec{
		Argv: argv(containertest.ActionTerminal), TTY: true,
		Streams: container.Streams{Stdin: stdin, Stdout: screen, Resize: sizes},
	})
	if err != nil || code != 0 {
		t.Errorf("%d, %v: %s", code, err, screen)
	}
}

// The user's interrupt key ends the program in a terminal.
func TestExecTerminalInterrupt(t *testing.T) {
	c := sleeper(t, "exec-interrupt")
	stdin, typed := io.Pipe()
	screen := &watchedBuffer{}
	go func() {
		screen.waitFor(t, "0")
		fmt.Fprint(typed, "\x03")
	}()
	code, err := c.Exec(t.Context(), container.ExecSpec{
		Argv: argv(containertest.ActionTickEvery, "10"), TTY: true, Streams: container.Streams{Stdin: stdin, Stdout: screen},
	})
	if err != nil || code != 128+int(syscall.SIGINT) {
		t.Errorf("%d, %v", code, err)
	}
}

// screenSize asks the program for its terminal's size until it is the wanted one.
func screenSize(t *testing.T, typed io.Writer, screen *watchedBuffer, want string) {
	eventually(t, want, func() bool {
		fmt.Fprint(typed, "?\r")
		return strings.Contains(screen.String(), want)
	})
}

func TestAttach(t *testing.T) {
	p := startPod(t, newRuntime(t), "attach")
	s := spec(containertest.ActionEcho)
	s.Stdin, s.StdinOnce = true, true
	c := start(t, p, s)
	var out bytes.Buffer
	if err := c.Attach(t.Context(), container.Streams{Stdin: strings.NewReader("through\n"), Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	if ended(t, c).Code != 0 || out.String() != "through\n" || logText(t, c) != "through\n" {
		t.Errorf("attached %q, log %q", out.String(), logText(t, c))
	}

	s = spec(containertest.ActionTerminal)
	s.Name, s.Stdin, s.TTY = "terminal", true, true
	c = start(t, p, s)
	ctx, cancel := context.WithCancel(t.Context())
	stdin, typed := io.Pipe()
	defer typed.Close()
	screen := &watchedBuffer{}
	sizes := make(chan container.Size, 1)
	go func() {
		sizes <- container.Size{Width: 100, Height: 30}
		screenSize(t, typed, screen, "100 columns, 30 rows")
		cancel()
	}()
	if err := c.Attach(ctx, container.Streams{Stdin: stdin, Stdout: screen, Resize: sizes}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !c.Status().Running {
		t.Error("the container ended with the attachment")
	}
}

// watchedBuffer is a buffer that may be read while it is written.
type watchedBuffer struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (b *watchedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.Write(p)
}

func (b *watchedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.String()
}

func (b *watchedBuffer) waitFor(t *testing.T, text string) {
	eventually(t, text, func() bool { return strings.Contains(b.String(), text) })
}

// Programs that run in a container at the same time, on a machine that has other things to do, all end as they should.
func TestExecUnderLoad(t *testing.T) {
	c := sleeper(t, "exec-load")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				var output bytes.Buffer
				code, err := c.Exec(t.Context(), container.ExecSpec{Argv: argv(containertest.ActionExit, "7"), Streams: container.Streams{Stdout: &output, Stderr: &output}})
				if err != nil || code != 7 {
					t.Errorf("exit code %d, %v; output %q", code, err, output.String())
				}
			}
		})
	}
	all.Wait()
}
