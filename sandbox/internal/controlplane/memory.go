package controlplane

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// busyGCPercent lets the heap grow while much happens, such as at the start
	// or while custom resources are defined: collecting more often would double
	// the time that these take.
	busyGCPercent = 100
	// idleGCPercent keeps the heap small while little happens, when collecting
	// more often costs next to nothing.
	idleGCPercent = 40

	// busyBytes allocated in one observation make it a busy one.
	busyBytes = 24 << 20
	// observation is how long allocations are counted before they are judged.
	observation = time.Second
	// calm is how many quiet observations in a row end a busy time.
	calm = 8
)

// collector adapts garbage collection to how busy the process is. It starts out busy.
type collector struct{ quiet int }

// observe takes what was allocated since the last time, and says whether the
// process is busy, and whether that just changed.
func (c *collector) observe(allocated uint64) (busy, changed bool) {
	was := c.quiet < calm
	if allocated > busyBytes {
		c.quiet = 0
	} else if was {
		c.quiet++
	}
	busy = c.quiet < calm
	return busy, busy != was
}

// tendMemory trades memory for time while the control plane is busy, and gives
// memory back when it rests. It leaves everything to GOGC when that is set.
func tendMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(busyGCPercent)
	var c collector
	last := allocatedBytes()
	tick := time.NewTicker(observation)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := allocatedBytes()
		busy, changed := c.observe(now - last)
		last = now
		switch {
		case changed && busy:
			debug.SetGCPercent(busyGCPercent)
		case changed:
			debug.SetGCPercent(idleGCPercent)
			debug.FreeOSMemory()
		}
	}
}

// allocatedBytes is what this process ever allocated.
func allocatedBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
