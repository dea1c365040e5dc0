package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// noise is how much the same work varies on this machine, whatever we measure.
type noise struct{ milliseconds []float64 }

// sample times a fixed amount of work a few times.
func (n *noise) sample() {
	block := make([]byte, 16<<20)
	for range 10 {
		start := time.Now()
		sha256.Sum256(block)
		n.milliseconds = append(n.milliseconds, float64(time.Since(start).Microseconds())/1000)
	}
}

// String tells the machine, its load, and the spread of the fixed work.
func (n noise) String() string {
	middle := median(n.milliseconds)
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	return fmt.Sprintf("Machine: %d cores, %s, load average %s. Noise: hashing 16 MiB took %.1f ms (median), from %+.0f%% to %+.0f%%.",
		runtime.NumCPU(), runtime.Version(), strings.Join(strings.Fields(string(load))[:1], " "), middle,
		100*(slices.Min(n.milliseconds)/middle-1), 100*(slices.Max(n.milliseconds)/middle-1))
}
