package controlplane

import "testing"

func TestCollector(t *testing.T) {
	const much, little = busyBytes + 1, busyBytes / 2
	var c collector
	observe := func(allocated uint64, times int) (busy bool, changes int) {
		for range times {
			var changed bool
			if busy, changed = c.observe(allocated); changed {
				changes++
			}
		}
		return busy, changes
	}
	for _, step := range []struct {
		name      string
		allocated uint64
		times     int
		busy      bool
		changes   int
	}{
		{"the start is busy", little, calm - 1, true, 0},
		{"quiet for long", little, 1, false, 1},
		{"still quiet", little, 100, false, 0},
		{"a burst counts at once", much, 1, true, 1},
		{"and lasts", much, 100, true, 0},
		{"a short rest is none", little, calm - 1, true, 0},
		{"busy again", much, 1, true, 0},
		{"the rest must be long anew", little, calm - 1, true, 0},
		{"quiet again", little, 1, false, 1},
	} {
		busy, changes := observe(step.allocated, step.times)
		if busy != step.busy || changes != step.changes {
			t.Errorf("%s: busy %v after %d changes, want %v after %d", step.name, busy, changes, step.busy, step.changes)
		}
	}
	if allocatedBytes() == 0 {
		t.Error("this process has allocated nothing, says the runtime")
	}
}
