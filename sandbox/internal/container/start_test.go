package container_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

// A program must see its own arguments, environment, directory and host, and nothing of the machine.
func TestProgramSeesItsContainerOnly(t *testing.T) {
	p := startPod(t, newRuntime(t), "view")
	s := spec(containertest.ActionView, "an argument")
	s.Env = []string{"COLOUR=blue", "HOME=/home/x"}
	s.WorkDir = "/made/for/it"
	v := viewOf(t, p, s)

	want := containertest.View{
		Args:      s.Args,
		Env:       []string{"COLOUR=blue", "HOME=/home/x", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=view"},
		Dir:       "/made/for/it",
		Hostname:  "view",
		PID:       1,
		Processes: []string{"/proc/1"},
		Files: map[string]string{
			"/etc/hosts":       "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.201.0.10\tview\n",
			"/etc/resolv.conf": "search test.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
			"/etc/hostname":    "view\n",
		},
		Devices: []string{"/dev/fd", "/dev/full", "/dev/null", "/dev/ptmx", "/dev/pts", "/dev/random", "/dev/shm",
			"/dev/stderr", "/dev/stdin", "/dev/stdout", "/dev/tty", "/dev/urandom", "/dev/zero"},
		Root:     []string{"/dev", "/etc", "/made", "/proc", "/root", "/run", "/sys", "/tmp", "/usr", "/var"},
		Bounding: "00000000a00425fb",
		Address:  "10.201.0.10/16",
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}

func TestProgramIsLookedUpInPath(t *testing.T) {
	p := startPod(t, newRuntime(t), "path")
	s := spec(containertest.ActionExit, "3")
	s.Args[0] = s.Args[0][strings.LastIndex(s.Args[0], "/")+1:]
	if status := ended(t, start(t, p, s)); status.Code != 3 {
		t.Errorf("exit code %d, want 3", status.Code)
	}
}

// What cannot be run is an error of Start, with the reason, not a container that failed.
func TestStartFails(t *testing.T) {
	p := startPod(t, newRuntime(t), "fails")
	for name, test := range map[string]struct {
		change func(*container.Spec)
		want   string
	}{
		"no such program":     {func(s *container.Spec) { s.Args = []string{"nothing"} }, `exec: "nothing": executable file not found in $PATH`},
		"no such path":        {func(s *container.Spec) { s.Args = []string{"/nothing"} }, `exec: "/nothing": no such file or directory`},
		"not a program":       {func(s *container.Spec) { s.Args = []string{"/etc/hosts"} }, `exec: "/etc/hosts": permission denied`},
		"no command":          {func(s *container.Spec) { s.Args = nil }, "no command"},
		"no executable":       {func(s *container.Spec) { s.Executable.Path = "/nothing" }, "open /nothing for /usr/local/bin/containertest-program: no such file or directory"},
		"no entry point":      {func(s *container.Spec) { s.Executable.Entrypoint = nil }, "has no absolute entry point"},
		"no such volume":      {func(s *container.Spec) { s.Mounts = []container.Mount{{Source: "/nothing", Target: "/x"}} }, "open /nothing for /x: no such file or directory"},
		"relative target":     {func(s *container.Spec) { s.Mounts = []container.Mount{{Source: "/", Target: "x"}} }, "paths must be absolute"},
		"directory over file": {func(s *container.Spec) { s.Mounts = []container.Mount{{Source: "/", Target: "/etc/hosts"}} }, "make mount point: mkdir /etc/hosts: not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec(containertest.ActionSleep)
			test.change(&s)
			_, err := p.Start(t.Context(), s)
			if err == nil || !strings.HasPrefix(err.Error(), "start container main: ") || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got error %v, want … %s", err, test.want)
			}
		})
	}
	if got := p.Containers(); len(got) != 0 {
		t.Errorf("%d containers after failures", len(got))
	}
}

func TestAttemptsFollowEachOther(t *testing.T) {
	r := newRuntime(t)
	p := startPod(t, r, "attempts")
	for attempt := range 4 {
		s := spec(containertest.ActionPrint, "stdout", strings.Repeat("x", attempt+1))
		c := start(t, p, s)
		if got := c.Spec().Attempt; got != attempt {
			t.Fatalf("attempt %d, want %d", got, attempt)
		}
		if attempt == 0 {
			s := spec(containertest.ActionSleep)
			s.Name = "sleeper"
			start(t, p, s)
			if _, err := p.Start(t.Context(), s); err == nil || !strings.Contains(err.Error(), "still runs") {
				t.Errorf("second start of a running container: %v", err)
			}
		}
		ended(t, c)
		if latest, ok := p.Container("main"); !ok || latest != c {
			t.Errorf("attempt %d is not the latest", attempt)
		}
	}
	names := []string{}
	for _, c := range p.Containers() {
		names = append(names, c.Spec().Name)
	}
	if want := []string{"main", "sleeper"}; !slices.Equal(names, want) {
		t.Errorf("containers %v, want %v", names, want)
	}
	logs, err := r.Logs("uid-attempts", "main")
	if err != nil || len(logs) != 2 || !strings.HasSuffix(logs[0], "/2.log") || !strings.HasSuffix(logs[1], "/3.log") {
		t.Errorf("logs kept: %v, %v; want those of attempts 2 and 3", logs, err)
	}
}
