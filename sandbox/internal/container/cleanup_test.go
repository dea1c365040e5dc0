package container_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

// leftovers is what a runtime could leave behind, apart from its directory.
type leftovers struct {
	descriptors, goroutines, mounts, processes, links int
}

func countLeftovers(t *testing.T) leftovers {
	t.Helper()
	return leftovers{
		descriptors: len(names(t, "/proc/self/fd")),
		goroutines:  runtime.NumGoroutine(),
		mounts:      strings.Count(fileText(t, "/proc/self/mountinfo"), "\n"),
		processes:   countProcesses(t),
		links:       len(podLinks(t)),
	}
}

// settled counts until goroutines that are ending have ended.
func settled(t *testing.T) leftovers {
	t.Helper()
	last := leftovers{}
	eventually(t, "goroutines settle", func() bool {
		time.Sleep(50 * time.Millisecond)
		now := countLeftovers(t)
		same := now == last
		last = now
		return same
	})
	return last
}

// Nothing of pods is left when they are stopped: files, goroutines, mounts, processes or links.
func TestNothingIsLeft(t *testing.T) {
	containertest.Require(t)
	useEverything(t) // what the Go runtime opens once does not count
	before := settled(t)
	useEverything(t)
	if after := settled(t); after != before {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func useEverything(t *testing.T) {
	t.Helper()
	r, err := container.New(t.TempDir(), newLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	p := startPod(t, r, "everything")
	if _, err := p.Start(t.Context(), container.Spec{Name: "fails", Executable: containertest.Image(), Args: []string{"none"}}); err == nil {
		t.Error("no error")
	}
	s := spec(containertest.ActionListen, "8080")
	s.Name, s.Stdin = "listener", true
	listener := start(t, p, s)
	waitForLog(t, listener, "ready")
	greeting(p.Dial(t.Context(), "tcp", 8080))
	if conn, err := p.Dial(t.Context(), "tcp", 8081); err == nil {
		conn.Close()
		t.Error("a closed port answers")
	}
	s = spec(containertest.ActionTerminal)
	s.Name, s.TTY, s.Stdin = "terminal", true, true
	start(t, p, s)
	ended(t, start(t, p, spec(containertest.ActionExit, "1")))
	start(t, p, spec(containertest.ActionFamily))

	ctx, cancel := context.WithCancel(t.Context())
	attached := make(chan error)
	go func() {
		attached <- listener.Attach(ctx, container.Streams{Stdin: strings.NewReader("x"), Stdout: io.Discard})
	}()
	for _, tty := range []bool{false, true} {
		for _, arguments := range [][]string{argv(containertest.ActionEcho), {"none"}} {
			_, err := listener.Exec(t.Context(), container.ExecSpec{Argv: arguments, TTY: tty, Streams: container.Streams{
				Stdin: strings.NewReader("x\n\x04"), Stdout: io.Discard, Resize: make(chan container.Size),
			}})
			if started := err == nil; started == (arguments[0] == "none") {
				t.Errorf("%v, TTY %t: %v", arguments, tty, err)
			}
		}
	}
	if _, _, err := p.Usage(); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-attached; !errors.Is(err, context.Canceled) {
		t.Errorf("attach ends with %v", err)
	}
	if err := r.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	all, err := d.Readdirnames(-1)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func countProcesses(t *testing.T) int {
	t.Helper()
	count := 0
	for _, name := range names(t, "/proc") {
		if _, err := fmt.Sscanf(name, "%d", new(int)); err == nil {
			count++
		}
	}
	return count
}
