package sandboxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// machine is what a sandbox could leave behind beside processes and files.
type machine struct {
	mounts, links []string
}

func observeMachine() (machine, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return machine{}, err
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return machine{}, err
	}
	m := machine{mounts: strings.Split(string(mounts), "\n")}
	for _, link := range interfaces {
		m.links = append(m.links, link.Name)
	}
	return m, nil
}

// Process is one process of this machine; numbers are used again, start times are not.
type Process struct {
	ID      int
	Command string

	parent  int
	started string // in clock ticks since boot
}

// Processes lists the sandbox's processes: those that name its directory, with all their descendants. That are all,
// for the orphans of a process namespace go to its first process.
func (s *Sandbox) Processes() (map[Process]bool, error) {
	all, err := ReadProcesses()
	if err != nil {
		return nil, err
	}
	members, ids := map[Process]bool{}, map[int]bool{}
	for _, p := range all {
		if strings.Contains(p.Command, s.stateDir) {
			members[p], ids[p.ID] = true, true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if ids[p.parent] && !ids[p.ID] {
				members[p], ids[p.ID], grown = true, true, true
			}
		}
	}
	return members, nil
}

// ReadProcesses lists the processes of this machine.
func ReadProcesses() ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []Process
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil || id == os.Getpid() {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue // it has ended meanwhile
		}
		command, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // state, parent, …; see proc(5)
		if len(fields) < 20 || fields[0] == "Z" {
			continue
		}
		parent, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("parent of process %d: %w", id, err)
		}
		all = append(all, Process{ID: id, parent: parent, started: fields[19], Command: strings.ReplaceAll(string(command), "\x00", " ")})
	}
	return all, nil
}

// leftovers says what is left of a sandbox that has ended.
func leftovers(s *Sandbox, before machine, members map[Process]bool) error {
	now, err := ReadProcesses()
	if err != nil {
		return err
	}
	var left []error
	for _, p := range now {
		if members[p] || strings.Contains(p.Command, s.stateDir) {
			left = append(left, fmt.Errorf("process %d is left: %s", p.ID, p.Command))
		}
	}
	if _, err := os.Lstat(s.stateDir); !errors.Is(err, fs.ErrNotExist) {
		var files []string
		_ = filepath.WalkDir(s.stateDir, func(path string, _ fs.DirEntry, _ error) error {
			files = append(files, path)
			return nil
		})
		left = append(left, fmt.Errorf("files are left: %s", strings.Join(files[:min(len(files), 10)], ", ")))
	}
	left = append(left, s.leftOnMachine(before)...)
	return errors.Join(append(left, s.portsClosed())...)
}

// leftOnMachine says what is left outside of the sandbox's directory.
func (s *Sandbox) leftOnMachine(before machine) (left []error) {
	after, err := observeMachine()
	if err != nil {
		return []error{err}
	}
	for _, mount := range after.mounts {
		if !slices.Contains(before.mounts, mount) && strings.Contains(mount, s.stateDir) {
			left = append(left, fmt.Errorf("a mount is left: %s", mount))
		}
	}
	for _, link := range after.links {
		if !slices.Contains(before.links, link) && (strings.HasPrefix(link, "wan") || strings.HasPrefix(link, "cbr")) {
			left = append(left, fmt.Errorf("a network interface is left: %s", link))
		}
	}
	sockets, err := os.ReadFile("/proc/net/unix")
	if err == nil && strings.Contains(string(sockets), s.stateDir) {
		left = append(left, errors.New("a unix socket is left"))
	}
	return left
}

// portsClosed fails if anybody still listens where the API servers were.
func (s *Sandbox) portsClosed() error {
	var open []error
	dialer := net.Dialer{Timeout: time.Second}
	for _, c := range s.Clusters {
		address := strings.TrimPrefix(c.Config.Host, "https://")
		if conn, err := dialer.DialContext(context.Background(), "tcp", address); err == nil {
			conn.Close()
			open = append(open, fmt.Errorf("somebody still listens on %s", address))
		}
	}
	return errors.Join(open...)
}
