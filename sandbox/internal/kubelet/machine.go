package kubelet

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// machine is the whole machine, which is the node.
type machine struct {
	booted time.Time
	usage
}

func readMachine() (machine, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return machine{}, err
	}
	meminfo, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return machine{}, err
	}
	return parseMachine(string(stat), string(meminfo))
}

// parseMachine adds up the times in which processors were not idle (in ticks of 10 ms), and takes memory that is not
// available to be used.
func parseMachine(stat, meminfo string) (machine, error) {
	cpu, boot := numbers(stat, "cpu"), numbers(stat, "btime")
	total, available := numbers(meminfo, "MemTotal:"), numbers(meminfo, "MemAvailable:")
	if len(cpu) < 8 || len(boot) == 0 || len(total) == 0 || len(available) == 0 {
		return machine{}, fmt.Errorf("the kernel's statistics are incomplete")
	}
	const idle, ioWait = 3, 4
	var ticks uint64
	for i, n := range cpu[:8] { // what follows, time of guests, is part of the first two
		if i != idle && i != ioWait {
			ticks += n
		}
	}
	return machine{
		booted: time.Unix(int64(boot[0]), 0),
		usage:  usage{time.Duration(ticks) * 10 * time.Millisecond, (total[0] - available[0]) << 10},
	}, nil
}

// numbers reads the numbers of the line that begins with a name.
func numbers(text, name string) []uint64 {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != name {
			continue
		}
		var all []uint64
		for _, field := range fields[1:] {
			n, err := strconv.ParseUint(field, 10, 64)
			if err != nil {
				break
			}
			all = append(all, n)
		}
		return all
	}
	return nil
}
