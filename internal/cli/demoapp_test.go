package cli

import (
	"strings"
	"testing"

	"github.com/meshmanager/smm/internal/demoapp"
)

func TestDemoappMistakesAreFoundBeforeAnythingIsDone(t *testing.T) {
	for args, want := range map[string]string{
		"demoapp install -s frontpage,ratings": `no service "ratings": choose from frontpage, catalog`,
		"demoapp install -s":                   "flag needs an argument",
		"demoapp install --replicas -1":        "--replicas must not be negative",
		"demoapp load":                         "",
		"demoapp load pause":                   `unknown command "pause" for "smm demoapp load"`,
	} {
		code, _, errOut := run(t, strings.Fields(args)...)
		if want == "" {
			if code != exitOK {
				t.Errorf("smm %s: exit code %d", args, code)
			}
			continue
		}
		if code != exitUsage || !strings.Contains(errOut, want) {
			t.Errorf("smm %s: exit code %d, %q; want %d and %q", args, code, errOut, exitUsage, want)
		}
	}
}

func TestTrafficIsShownWithoutInventedFigures(t *testing.T) {
	all, most := 1.0, 0.9996
	table := trafficTable([]demoapp.WorkloadTraffic{
		{Workload: "movies-v1", Ready: 1, Replicas: 2, RequestsPerSecond: 6.66, SuccessRate: &most, MutualTLS: &all},
		{Workload: "mysql", Ready: 1, Replicas: 1, ConnectionsPerSecond: 12, MutualTLS: &all},
	})
	want := [][]string{
		{"movies-v1", "1/2", "6.7", "", "99.9%", "100%"},
		{"mysql", "1/1", "", "12.0", "", "100%"},
	}
	for i, row := range want {
		if got := strings.Join(table.Rows[i], "|"); got != strings.Join(row, "|") {
			t.Errorf("row %q, want %q", got, strings.Join(row, "|"))
		}
	}
}
