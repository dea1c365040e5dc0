//go:build linux

package world

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// readProcesses lists the processes that this user may inspect. Those that end meanwhile are left out.
func readProcesses() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var processes []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		p := process{pid: pid}
		if p.parent, err = readParent(pid); err != nil {
			continue
		}
		processes = append(processes, p)
	}
	return processes, nil
}

// inspect adds what is costly to read, for the descendants of a process and itself only.
func inspect(processes []process, root int) error {
	inside := map[int]bool{root: true}
	for grown := true; grown; {
		grown = false
		for _, p := range processes {
			if inside[p.parent] && !inside[p.pid] {
				inside[p.pid], grown = true, true
			}
		}
	}
	for i := range processes {
		p := &processes[i]
		if !inside[p.pid] {
			continue
		}
		commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
		if err == nil {
			p.args = strings.FieldsFunc(string(commandLine), func(r rune) bool { return r == 0 })
			p.bytes, err = readPSS(p.pid)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("reading the memory of process %d: %w", p.pid, err)
		}
	}
	return nil
}

func readParent(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name, in parentheses, may itself hold anything.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 2 {
		return 0, fmt.Errorf("process %d has no parent", pid)
	}
	return strconv.Atoi(fields[1])
}

func readPSS(pid int) (uint64, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return parsePSS(file)
}

func parsePSS(rollup io.Reader) (uint64, error) {
	lines := bufio.NewScanner(rollup)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "Pss:" {
			kilobytes, err := strconv.ParseUint(fields[1], 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, lines.Err()
}
