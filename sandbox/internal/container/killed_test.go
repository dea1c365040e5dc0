package container_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

// victimDir names the directory of a victim's runtime.
const victimDir = "CONTAINER_TEST_VICTIM"

// victim is a process with a pod that gets killed. It prints the containers' process ids and never returns.
func victim(dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	r, err := container.New(dir, slog.New(slog.DiscardHandler))
	fail(err)
	p, err := r.StartPod(context.Background(), podSpec("victim"))
	fail(err)
	for _, s := range []container.Spec{spec(containertest.ActionIgnore), spec(containertest.ActionFamily)} {
		s.Name = s.Args[1]
		c, err := p.Start(context.Background(), s)
		fail(err)
		fmt.Println(c.PID())
		if s.Name == containertest.ActionIgnore {
			go func() {
				_, err := c.Exec(context.Background(), container.ExecSpec{Argv: argv(containertest.ActionIgnore)})
				fail(err)
			}()
		}
	}
	fmt.Println("ready")
	select {}
}

// When the process that runs pods is killed, they are gone, and the next one can start them again with their addresses.
func TestPodsEndWithTheirRuntime(t *testing.T) {
	containertest.Require(t)
	dir := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), victimDir+"="+dir)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var namespaces []string
	for lines := bufio.NewScanner(output); lines.Scan() && lines.Text() != "ready"; {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(lines.Text())
		}
		namespaces = append(namespaces, pidNamespace(pid))
	}
	if len(namespaces) != 2 || slices.ContainsFunc(namespaces, func(n string) bool { return !strings.HasPrefix(n, "pid:") }) {
		t.Fatalf("pid namespaces %v", namespaces)
	}
	eventually(t, "the exec runs", func() bool { return len(processesIn(t, namespaces[0])) == 2 })

	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the error says that it was killed
	r, err := container.New(dir, newLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(t.Context())
	p := startPod(t, r, "victim")
	s := spec(containertest.ActionListen, "8080")
	waitForLog(t, start(t, p, s), "ready")
	if got := dialPod("10.201.0.10"); got != "hello\n" {
		t.Error(got)
	}
	for _, namespace := range namespaces {
		eventually(t, "the killed pod's processes end", func() bool {
			// Orphans are this process' to wait for, which is the first of its pid namespace. There may be none yet.
			_, _ = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			return len(processesIn(t, namespace)) == 0
		})
	}
	if logs, err := r.Logs("uid-victim", "ignore"); err != nil || len(logs) != 1 {
		t.Errorf("logs %v, %v; want that of the killed runtime", logs, err)
	}
}
