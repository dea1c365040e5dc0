//go:build linux

package world

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// Two commands on one sandbox take turns, also when the first removes it with the lock.
func TestCommandsTakeTurns(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	first, err := lockCommand(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
	defer cancel()
	if _, err := lockCommand(short, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got the lock twice: %v", err)
	}
	got := make(chan *os.File)
	go func() {
		second, err := lockCommand(t.Context(), dir)
		if err != nil {
			t.Error(err)
		}
		got <- second
	}()
	if err := os.Remove(dir.CommandLock()); err != nil {
		t.Fatal(err)
	}
	first.Close()
	select {
	case second := <-got:
		defer second.Close()
		if !isAt(second, dir.CommandLock()) {
			t.Error("the second lock is on a file that is gone")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the second command never got the lock")
	}
}

func TestNoSupervisor(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	for _, when := range []string{"without a lock file", "with one of an earlier supervisor"} {
		if pid, err := supervisor(dir); pid != 0 || err != nil {
			t.Errorf("%s: supervisor %d, %v", when, pid, err)
		}
		if err := os.WriteFile(dir.SupervisorLock(), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
