package container

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tableAge is how old the list of processes may be: those of a pod's containers are asked for one after the other.
const tableAge = 200 * time.Millisecond

// Usage is the processor time that the container used and the memory that it holds: the sum of its processes'
// proportional set sizes, so that an executable's pages are not counted once for every container.
func (c *Container) Usage() (cpuNanoseconds, workingSetBytes uint64, err error) {
	status := c.Status()
	if !status.Running || c.namespace == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.highestCPU, 0, nil
	}
	pids, err := c.pod.runtime.processes.in(c.namespace, status.Started)
	if err != nil {
		return 0, 0, fmt.Errorf("usage of container %s: %w", c.spec.Name, err)
	}
	var cpu, memory uint64
	for _, pid := range pids {
		cpu += processCPU(pid)
		memory += processMemory(pid)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// A process that ended and is not yet waited for is missing for a moment.
	c.highestCPU = max(c.highestCPU, cpu+c.execCPU)
	return c.highestCPU, memory, nil
}

func processorTime(state *os.ProcessState) uint64 {
	return uint64(state.UserTime() + state.SystemTime())
}

// processTable lists processes by pid namespace.
type processTable struct {
	mu          sync.Mutex
	read        time.Time
	byNamespace map[string][]int
}

// in lists the processes in a namespace that exists since a point in time.
func (t *processTable) in(namespace string, since time.Time) ([]int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(t.read) > tableAge || t.read.Before(since) {
		table, err := readProcesses()
		if err != nil {
			return nil, err
		}
		t.byNamespace, t.read = table, now
	}
	return t.byNamespace[namespace], nil
}

func readProcesses() (map[string][]int, error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	table := map[string][]int{}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		// Processes end while they are listed, and those of other users may not be looked at.
		if namespace, err := os.Readlink("/proc/" + name + "/ns/pid"); err == nil {
			table[namespace] = append(table[namespace], pid)
		}
	}
	return table, nil
}

// processCPU is the processor time in nanoseconds of a process and the children that it waited for; 0 when it has ended.
func processCPU(pid int) uint64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	return parseCPU(string(stat))
}

// parseCPU reads utime, stime, cutime and cstime, fields 14 to 17, in ticks of 10 ms. The second field, the name,
// may hold blanks and parentheses.
func parseCPU(stat string) uint64 {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 15 {
		return 0
	}
	var ticks uint64
	for _, field := range fields[11:15] {
		n, _ := strconv.ParseUint(field, 10, 64)
		ticks += n
	}
	return ticks * uint64(10*time.Millisecond)
}

// processMemory is the proportional set size of a process in bytes; 0 when it has ended.
func processMemory(pid int) uint64 {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	kilobytes, _ := namedNumber(string(rollup), "Pss:")
	return kilobytes << 10
}

// countOOMKills is how often the kernel has ended a process of this machine for want of memory.
func countOOMKills() uint64 {
	vmstat, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return 0
	}
	kills, _ := namedNumber(string(vmstat), "oom_kill")
	return kills
}

// namedNumber finds the line "name number …".
func namedNumber(text, name string) (uint64, bool) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == name {
			n, err := strconv.ParseUint(fields[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
