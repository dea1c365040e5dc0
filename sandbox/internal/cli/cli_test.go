//go:build linux

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/sandbox/internal/world"
)

func TestSplitKubectl(t *testing.T) {
	type split struct {
		Own  map[string]string
		Rest []string
	}
	for line, want := range map[string]split{
		"get pods":                      {map[string]string{}, []string{"get", "pods"}},
		"--cluster c2 get pods":         {map[string]string{"cluster": "c2"}, []string{"get", "pods"}},
		"--cluster=c2 --state-dir /d x": {map[string]string{"cluster": "c2", "state-dir": "/d"}, []string{"x"}},
		"get pods --cluster c2":         {map[string]string{}, []string{"get", "pods", "--cluster", "c2"}},
		"-n a --cluster c2":             {map[string]string{}, []string{"-n", "a", "--cluster", "c2"}},
		"--clusters 2":                  {map[string]string{}, []string{"--clusters", "2"}},
		"":                              {map[string]string{}, []string{}},
	} {
		own, rest, err := splitKubectl(strings.Fields(line))
		if err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if diff := cmp.Diff(want, split{own, rest}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
	if _, _, err := splitKubectl([]string{"--cluster"}); err == nil {
		t.Error("a flag without its value is accepted")
	}
}

func TestExitCode(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		code int
		text string
	}{
		"success":    {nil, 0, ""},
		"failure":    {errors.New("broken"), 1, "Error: broken\n"},
		"said so":    {errSilent, 1, ""},
		"misuse":     {usageError{errors.New("what?")}, 2, "Error: what?\n"},
		"impossible": {fmt.Errorf("%w: no", world.ErrUnsupported), 3, "Error: the sandbox cannot run here: no\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if got := exitCode(&out, test.err); got != test.code {
				t.Errorf("code %d, want %d", got, test.code)
			}
			if diff := cmp.Diff(test.text, out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMisuse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	for _, line := range []string{
		"nonsense",
		"up extra",
		"up --clusters 0",
		"up --clusters 255",
		"up --host-port-base 70000",
		"up --nonsense",
		"status -o yaml",
		"kubeconfig c1 --all",
		"kubeconfig c1 c2",
		"kubectl --cluster",
		"control-plane",
		"control-plane --dir x --advertise nowhere",
		"control-plane --dir x --listen-fd 999",
		"supervise",
		"cluster --cluster c1",
		"cluster --cluster nonsense",
	} {
		args := strings.Fields(line)
		if args[0] != "kubectl" && args[0] != "control-plane" && args[0] != "nonsense" {
			args = append(args, "--state-dir", dir)
		}
		var out, err bytes.Buffer
		if code := Main(args, strings.NewReader(""), &out, &err); code != exitUsage {
			t.Errorf("%q: exit code %d, want %d; %s", line, code, exitUsage, err.String())
		}
		if message := err.String(); strings.Count(message, "\n") != 1 || !strings.HasPrefix(message, "Error: ") {
			t.Errorf("%q: says %q, want one line", line, message)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("misuse left %s behind", dir)
	}
}

func TestWithoutSandbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	for line, want := range map[string]struct {
		code int
		out  string
	}{
		"status":         {exitError, "No sandbox runs in " + dir + "\n"},
		"status -o json": {exitError, "{\n  \"stateDir\": \"" + dir + "\",\n  \"running\": false,\n  \"clusters\": [],\n  \"memory\": []\n}\n"},
		"kubeconfig":     {exitError, ""},
		"down":           {exitOK, ""},
	} {
		var out, err bytes.Buffer
		code := Main(append(strings.Fields(line), "--state-dir", dir), strings.NewReader(""), &out, &err)
		if code != want.code {
			t.Errorf("%s: exit code %d, want %d", line, code, want.code)
		}
		if diff := cmp.Diff(want.out, out.String()); diff != "" {
			t.Errorf("%s: output (-want +got):\n%s", line, diff)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("looking left %s behind", dir)
	}
}

func TestStatusTable(t *testing.T) {
	status := world.Status{
		Running: true,
		Clusters: []world.ClusterStatus{
			{Name: "c1", Kubeconfig: "/d/c1/kubeconfig", APIReady: true, NodeReady: true, Pods: 3, PodsRunning: 2},
			{Name: "c2", Kubeconfig: "/d/c2/kubeconfig"},
		},
		Memory: []world.Part{
			{Name: world.PartSupervisor, Processes: 1, Bytes: 30 << 20},
			{Cluster: "c1", Name: world.PartControlPlane, Processes: 1, Bytes: 250 << 20},
			{Cluster: "c1", Name: "allspark", Processes: 2, Bytes: 20<<20 + 1<<19},
		},
	}
	want := strings.TrimLeft(`
CLUSTER   API         NODE        PODS   MEMORY    KUBECONFIG
c1        ready       ready       2/3    271 MiB   /d/c1/kubeconfig
c2        not ready   not ready   0/0    0 MiB     /d/c2/kubeconfig

PART            CLUSTER   PROCESSES   MEMORY
supervisor      -         1           30 MiB
control-plane   c1        1           250 MiB
allspark        c1        2           21 MiB
total           -         -           301 MiB
`, "\n")
	var out bytes.Buffer
	if err := writeStatus(&out, status); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
