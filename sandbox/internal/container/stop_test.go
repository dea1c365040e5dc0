package container_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func TestExitStatus(t *testing.T) {
	p := startPod(t, newRuntime(t), "status")
	for _, test := range []struct {
		args []string
		want container.ExitStatus
	}{
		{[]string{containertest.ActionExit, "0"}, container.ExitStatus{}},
		{[]string{containertest.ActionExit, "42"}, container.ExitStatus{Code: 42}},
		// A kernel ignores deadly signals that the first process of a pid namespace sends itself, but not a fault.
		{[]string{containertest.ActionSignal, strconv.Itoa(int(syscall.SIGKILL))}, container.ExitStatus{Running: true}},
	} {
		t.Run(fmt.Sprint(test.args), func(t *testing.T) {
			before := time.Now()
			c := start(t, p, spec(test.args...))
			if test.want.Running {
				if got := c.Status(); !got.Running || !got.Finished.IsZero() || got.Started.Before(before) {
					t.Errorf("status %+v", got)
				}
				if err := c.Stop(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
				test.want = container.ExitStatus{Code: 137, Signal: syscall.SIGKILL}
			}
			got := ended(t, c)
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(container.ExitStatus{}, "Started", "Finished")); diff != "" {
				t.Error(diff)
			}
			if got.Started.Before(before) || got.Finished.Before(got.Started) || got.Finished.After(time.Now()) {
				t.Errorf("started %v, finished %v", got.Started, got.Finished)
			}
		})
	}
}

// A kill from elsewhere is reported as such, and not as want of memory.
func TestKilledFromOutside(t *testing.T) {
	c := start(t, startPod(t, newRuntime(t), "outside"), spec(containertest.ActionSleep))
	if err := syscall.Kill(c.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := ended(t, c); got.Code != 137 || got.Signal != syscall.SIGKILL || got.OOMKilled {
		t.Errorf("status %+v", got)
	}
}

func TestStopGivesGrace(t *testing.T) {
	p := startPod(t, newRuntime(t), "grace")

	c := start(t, p, spec(containertest.ActionTrap))
	waitForLog(t, c, "ready")
	if err := c.Stop(t.Context(), deadline); err != nil {
		t.Fatal(err)
	}
	if got := c.Status(); got.Running || got.Code != 7 {
		t.Errorf("with a handler: %+v", got)
	}
	if got := logText(t, c); got != "ready\nterminated\n" {
		t.Errorf("log %q: the last words are missing", got)
	}

	for _, test := range []struct {
		name  string
		grace time.Duration
	}{{"no grace", 0}, {"too little grace", 50 * time.Millisecond}} {
		t.Run(test.name, func(t *testing.T) {
			s := spec(containertest.ActionIgnore)
			c := start(t, p, s)
			waitForLog(t, c, "ready")
			begin := time.Now()
			if err := c.Stop(t.Context(), test.grace); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took < test.grace || took > test.grace+5*time.Second {
				t.Errorf("took %v", took)
			}
			if got := c.Status(); got.Code != 137 {
				t.Errorf("%+v", got)
			}
		})
	}

	t.Run("context ends the grace", func(t *testing.T) {
		c := start(t, p, spec(containertest.ActionIgnore))
		waitForLog(t, c, "ready")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := c.Stop(ctx, time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := c.Status(); got.Code != 137 {
			t.Errorf("%+v", got)
		}
	})
	if err := c.Stop(t.Context(), time.Hour); err != nil {
		t.Errorf("stop of a container that ended: %v", err)
	}
}

// With the first process everything in the container ends, also what left its session.
func TestKillEndsTheFamily(t *testing.T) {
	c := start(t, startPod(t, newRuntime(t), "family"), spec(containertest.ActionFamily))
	waitForLog(t, c, "ready")
	namespace := pidNamespace(c.PID())
	family := processesIn(t, namespace)
	if len(family) != 2 {
		t.Fatalf("processes %v, want 2", family)
	}
	if err := c.Stop(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if left := processesIn(t, namespace); len(left) != 0 {
		t.Errorf("processes %v are left", left)
	}
}

func pidNamespace(pid int) string {
	name, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	return name
}

func processesIn(t *testing.T, namespace string) []int {
	t.Helper()
	if !strings.HasPrefix(namespace, "pid:") {
		t.Fatalf("pid namespace %q", namespace)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && pidNamespace(pid) == namespace {
			pids = append(pids, pid)
		}
	}
	return pids
}
