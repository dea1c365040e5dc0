package container_test

import (
	"testing"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

const megabyte = 1 << 20

func TestUsage(t *testing.T) {
	p := startPod(t, newRuntime(t), "usage")
	s := spec(containertest.ActionSleep)
	s.Name = "idle"
	idle := start(t, p, s)
	busy := start(t, p, spec(containertest.ActionBusy, "300", "50000000"))
	waitForLog(t, busy, "busy")

	within := func(what string, usage func() (uint64, uint64, error), minCPU, maxCPU time.Duration, minMemory, maxMemory uint64) (cpu uint64) {
		t.Helper()
		cpu, memory, err := usage()
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Duration(cpu); got < minCPU || got > maxCPU {
			t.Errorf("%s: processor time %v, want %v to %v", what, got, minCPU, maxCPU)
		}
		if memory < minMemory || memory > maxMemory {
			t.Errorf("%s: memory %d, want %d to %d", what, memory, minMemory, maxMemory)
		}
		return cpu
	}
	within("busy", busy.Usage, 250*time.Millisecond, time.Second, 48*megabyte, 200*megabyte)
	within("idle", idle.Usage, 0, 100*time.Millisecond, megabyte/10, 40*megabyte)

	// What Exec runs is counted while it runs, and after.
	code, err := idle.Exec(t.Context(), container.ExecSpec{Argv: argv(containertest.ActionSpin, "200")})
	if err != nil || code != 0 {
		t.Fatal(code, err)
	}
	within("after exec", idle.Usage, 180*time.Millisecond, time.Second, 0, 40*megabyte)
	before := within("pod", p.Usage, 400*time.Millisecond, 2*time.Second, 48*megabyte, 250*megabyte)

	// The pod's time does not go down with a container's end, nor with its next attempt.
	if err := busy.Stop(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	within("ended", busy.Usage, 250*time.Millisecond, time.Second, 0, 0)
	again := start(t, p, spec(containertest.ActionIgnore))
	waitForLog(t, again, "ready")
	within("next attempt", again.Usage, 0, 100*time.Millisecond, megabyte/10, 40*megabyte)
	within("pod after restart", p.Usage, time.Duration(before), 2*time.Second, megabyte/10, 80*megabyte)
}
