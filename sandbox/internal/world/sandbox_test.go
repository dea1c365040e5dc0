//go:build linux

package world_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshmanager/smm/sandbox/internal/world"
)

const (
	nobody          = 65534
	exitUnsupported = 3
	timeout         = 5 * time.Minute
)

// sandbox drives the sandbox's program as a user would, in a directory of its own.
type sandbox struct {
	program string
	dir     string
	uid     int
}

// newSandbox installs the test's executable as the sandbox's programs, for the user to run.
func newSandbox(t *testing.T, uid int) *sandbox {
	t.Helper()
	// Not t.TempDir(), which is closed to other users.
	base, err := os.MkdirTemp("", "sandbox-test")
	if err != nil {
		t.Fatal(err)
	}
	// A path so long that no socket can have it.
	home := filepath.Join(base, strings.Repeat("home", 30))
	s := &sandbox{program: filepath.Join(base, "bin", sandboxProgram), dir: filepath.Join(home, "state"), uid: uid}
	t.Cleanup(func() {
		s.run(context.Background(), "down")
		os.RemoveAll(base)
	})
	for _, dir := range []string{base, filepath.Dir(s.program), filepath.Dir(s.dir)} {
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Dir(s.dir), uid, uid); err != nil {
		t.Fatal(err)
	}
	if err := install(s.program); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(s.program, filepath.Join(filepath.Dir(s.program), podProgram)); err != nil {
		t.Fatal(err)
	}
	return s
}

// install copies this program. Nobody may fork meanwhile: a child would hold the copy open for writing until it runs another
// program, and what is open for writing cannot be run ("text file busy").
func install(path string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// command is a call of the program by the sandbox's user.
func (s *sandbox) command(ctx context.Context, args ...string) *exec.Cmd {
	command, rest := args[0], args[1:]
	cmd := exec.CommandContext(ctx, s.program, append([]string{command, "--state-dir", s.dir}, rest...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(s.dir)}
	if s.uid != os.Getuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(s.uid), Gid: uint32(s.uid)}}
	}
	return cmd
}

// run runs a command and returns its exit code and output.
func (s *sandbox) run(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	cmd := s.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	code = cmd.ProcessState.ExitCode()
	if err != nil && code <= 0 {
		code = -1
		errs.WriteString(err.Error())
	}
	return code, out.String(), errs.String()
}

func (s *sandbox) must(t *testing.T, ctx context.Context, args ...string) string {
	t.Helper()
	code, out, errs := s.run(ctx, args...)
	if code != 0 {
		s.logs(t)
		t.Fatalf("%v: exit code %d\n%s%s", args, code, out, errs)
	}
	return out
}

// forwarded is what a port of a pod answers through kubectl port-forward.
func (s *sandbox) forwarded(t *testing.T, ctx context.Context, pod string, port int) string {
	t.Helper()
	cmd := s.command(ctx, "kubectl", "port-forward", "--address", "127.0.0.1", pod, fmt.Sprintf(":%d", port))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}()
	var address string
	if _, err := fmt.Fscanf(out, "Forwarding from %s -> ", &address); err != nil {
		t.Fatalf("port-forward does not say where: %v", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// up starts the sandbox, and skips the test where that is impossible.
func (s *sandbox) up(t *testing.T, ctx context.Context, args ...string) {
	t.Helper()
	code, out, errs := s.run(ctx, append([]string{"up"}, args...)...)
	switch code {
	case 0:
	case exitUnsupported:
		t.Skip(errs)
	default:
		s.logs(t)
		t.Fatalf("up: exit code %d\n%s%s", code, out, errs)
	}
}

// logs shows what the sandbox logged, for the reader of a failed test.
func (s *sandbox) logs(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"*.log", "*/cluster.log"} {
		paths, _ := filepath.Glob(filepath.Join(s.dir, pattern))
		for _, path := range paths {
			content, _ := os.ReadFile(path)
			t.Logf("%s:\n%s", path, content)
		}
	}
}

func (s *sandbox) status(t *testing.T, ctx context.Context) world.Status {
	t.Helper()
	_, out, errs := s.run(ctx, "status", "-o", "json")
	var status world.Status
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		t.Fatalf("status: %v\n%s%s", err, out, errs)
	}
	return status
}

func (s *sandbox) client(t *testing.T, cluster string) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(s.dir, cluster, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// descendants are the supervisor's process and all below it, by their ids on this machine.
func descendants(t *testing.T, supervisor int) []int {
	t.Helper()
	if supervisor == 0 {
		t.Fatal("no supervisor runs")
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]int{}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			parent := parentOf(pid)
			children[parent] = append(children[parent], pid)
		}
	}
	found := []int{supervisor}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}

func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return -1
	}
	var parent int
	var state string
	if _, err := fmt.Sscan(string(stat[bytes.LastIndexByte(stat, ')')+1:]), &state, &parent); err != nil {
		return -1
	}
	return parent
}

// find returns the process among pids whose command line contains the text.
func find(t *testing.T, pids []int, text string) int {
	t.Helper()
	for _, pid := range pids {
		if strings.Contains(commandLine(pid), text) {
			return pid
		}
	}
	t.Fatalf("no process has %q in its command line", text)
	return 0
}

func commandLine(pid int) string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(line), "\x00", " ")
}

// expectGone fails unless all the processes end soon. A zombie has ended: the
// machine's first process has only not noticed yet.
func expectGone(t *testing.T, ctx context.Context, pids []int) {
	t.Helper()
	eventually(t, ctx, func() error {
		for _, pid := range pids {
			if line := commandLine(pid); line != "" {
				return fmt.Errorf("process %d still runs: %s", pid, line)
			}
		}
		return nil
	})
}

// expectNoTrace fails when any process or mount of this machine names the sandbox's directory.
func (s *sandbox) expectNoTrace(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if line := commandLine(pid); strings.Contains(line, s.dir) {
			t.Errorf("process %d is left: %s", pid, line)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), s.dir) {
		t.Errorf("a mount is left:\n%s", mounts)
	}
	if _, err := os.Lstat(s.dir); !os.IsNotExist(err) {
		t.Errorf("files are left in %s", s.dir)
	}
}

func eventually(t *testing.T, ctx context.Context, check func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("never came true: %v", err)
		case <-tick.C:
		}
	}
}
