package container_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(dir)
	}
	containertest.Main(m)
}

// deadline bounds everything that a test waits for.
const deadline = 20 * time.Second

func newRuntime(t testing.TB) *container.Runtime {
	t.Helper()
	containertest.Require(t)
	r, err := container.New(t.TempDir(), newLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

func newLogger(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func podSpec(name string) container.PodSpec {
	return container.PodSpec{
		UID: "uid-" + name, Namespace: "test", Name: name,
		IP: "10.201.0.10", Gateway: containertest.Gateway, Bridge: containertest.Bridge,
		DNS: container.DNSConfig{Nameservers: []string{"10.96.0.10"}, Searches: []string{"test.svc.cluster.local"}, Options: []string{"ndots:5"}},
	}
}

func startPod(t testing.TB, r *container.Runtime, name string) *container.Pod {
	t.Helper()
	p, err := r.StartPod(t.Context(), podSpec(name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func spec(args ...string) container.Spec {
	image := containertest.Image()
	return container.Spec{Name: "main", Executable: image, Args: append(image.Entrypoint, args...)}
}

// start starts a container, as its next attempt when it ran before.
func start(t testing.TB, p *container.Pod, s container.Spec) *container.Container {
	t.Helper()
	if earlier, ok := p.Container(s.Name); ok {
		s.Attempt = earlier.Spec().Attempt + 1
	}
	c, err := p.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ended waits for the container's end and returns its status.
func ended(t testing.TB, c *container.Container) container.ExitStatus {
	t.Helper()
	select {
	case <-c.Wait():
	case <-time.After(deadline):
		t.Fatalf("container %s does not end; its log:\n%s", c.Spec().Name, logText(t, c))
	}
	return c.Status()
}

// logText is what the container wrote, without the log's prefixes.
func logText(t testing.TB, c *container.Container) string {
	t.Helper()
	content, err := os.ReadFile(c.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(content)) {
		fields := strings.SplitN(line, " ", 4)
		if len(fields) != 4 {
			t.Fatalf("log line %q", line)
		}
		if fields[2] == "P" {
			fields[3] = strings.TrimSuffix(fields[3], "\n")
		}
		b.WriteString(fields[3])
	}
	return b.String()
}

// eventually polls a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

func waitForLog(t testing.TB, c *container.Container, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%q in the log of %s", text, c.Spec().Name), func() bool {
		return strings.Contains(logText(t, c), text)
	})
}

func viewOf(t testing.TB, p *container.Pod, s container.Spec) containertest.View {
	t.Helper()
	c := start(t, p, s)
	if status := ended(t, c); status.Code != 0 {
		t.Fatalf("exit code %d: %s", status.Code, logText(t, c))
	}
	var v containertest.View
	if err := json.Unmarshal([]byte(logText(t, c)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func write(t testing.TB, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
