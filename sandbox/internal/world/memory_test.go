//go:build linux

package world

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAccountMemory(t *testing.T) {
	command := strings.Fields
	processes := []process{
		{pid: 1, parent: 0, args: command("init"), bytes: 1 << 40},
		{pid: 10, parent: 1, args: command("smm-sandbox supervise --state-dir /d"), bytes: 1},
		{pid: 20, parent: 10, args: command("smm-sandbox cluster --state-dir /d --cluster c2"), bytes: 2},
		{pid: 11, parent: 10, args: command("smm-sandbox cluster --state-dir /d --cluster c1"), bytes: 3},
		{pid: 12, parent: 11, args: command("smm-sandbox control-plane --dir /d/c1"), bytes: 4},
		{pid: 13, parent: 11, args: command("/usr/local/bin/allspark"), bytes: 5},
		{pid: 14, parent: 11, args: command("/usr/local/bin/allspark"), bytes: 6},
		// Whatever a pod runs counts for the cluster, whatever it calls itself.
		{pid: 15, parent: 13, args: command("helper cluster --cluster c9"), bytes: 7},
		{pid: 16, parent: 11, bytes: 0},
		{pid: 99, parent: 1, args: command("smm-sandbox cluster --cluster c1"), bytes: 1 << 40},
	}
	want := []Part{
		{Name: PartSupervisor, Processes: 1, Bytes: 1},
		{Cluster: "c1", Name: "allspark", Processes: 2, Bytes: 11},
		{Cluster: "c1", Name: PartControlPlane, Processes: 1, Bytes: 4},
		{Cluster: "c1", Name: "ending", Processes: 1},
		{Cluster: "c1", Name: "helper", Processes: 1, Bytes: 7},
		{Cluster: "c1", Name: PartNode, Processes: 1, Bytes: 3},
		{Cluster: "c2", Name: PartNode, Processes: 1, Bytes: 2},
	}
	if diff := cmp.Diff(want, accountMemory(processes, 10)); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	status := Status{Memory: want}
	if got := status.MemoryBytes("c1"); got != 25 {
		t.Errorf("c1 has %d bytes, want 25", got)
	}
	if got := status.MemoryBytes(""); got != 28 {
		t.Errorf("all have %d bytes, want 28", got)
	}
}

func TestParsePSS(t *testing.T) {
	got, err := parsePSS(strings.NewReader("00400000-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  9000 kB\nPss_Anon: 1 kB\nPss:    5120 kB\nPss_Dirty: 3 kB\n"))
	if err != nil || got != 5<<20 {
		t.Errorf("parsePSS = %d, %v; want 5 MiB", got, err)
	}
}

// The real files of this process: it has a parent and some memory.
func TestInspectSelf(t *testing.T) {
	processes, err := readProcesses()
	if err != nil {
		t.Fatal(err)
	}
	if err := inspect(processes, os.Getpid()); err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		if p.pid == os.Getpid() {
			if p.parent != os.Getppid() || p.bytes == 0 || len(p.args) == 0 || p.args[0] != os.Args[0] {
				t.Errorf("read %+v", p)
			}
			return
		}
	}
	t.Error("this process is not in the list")
}
