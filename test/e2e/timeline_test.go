package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

const (
	// sandboxScrape is how often the sandbox's Prometheus collects.
	sandboxScrape = 5 * time.Second
	// seenLimit is how soon after a change of routes the topology must show it.
	seenLimit = sandboxScrape + 3*time.Second
	// lookBack is how far the long test looks back.
	lookBack = 10 * time.Minute
)

// moviesCalled are the workloads behind movies to which the topology shows traffic, now or at a time.
func moviesCalled(t *testing.T, at ...string) []string {
	t.Helper()
	args := []string{"topology", "-n", demoNamespace, "-o", "json"}
	if len(at) > 0 {
		args = append(args, "--at", at[0])
	}
	var graph struct{ Edges []shownEdge }
	if err := json.Unmarshal([]byte(smm(t, args...)), &graph); err != nil {
		t.Fatal(err)
	}
	var called []string
	for _, e := range graph.Edges {
		if e.Service == "movies" {
			called = append(called, e.To[strings.LastIndexByte(e.To, '/')+1:])
		}
	}
	slices.Sort(called)
	return slices.Compact(called)
}

// The topology shows a change of routes within a scrape and three seconds, and what was before it at any time after.
func TestTheTopologyFollowsRoutesAndRemembers(t *testing.T) {
	restoreMovies(t)
	shown := func(want string) func() error {
		return func() error {
			if called := moviesCalled(t); !slices.Equal(called, []string{want}) {
				return fmt.Errorf("calls to %v are shown", called)
			}
			return nil
		}
	}
	routeMovies(t, map[string]int32{"v1": 100})
	forgotten := time.Now().Add(rateWindow + 2*sandboxScrape) // from then on no rate has earlier calls in it
	sandboxtest.Eventually(t, metricsPatience, "only calls to movies-v1 are shown", func() error {
		if left := time.Until(forgotten); left > 0 {
			return fmt.Errorf("rates have earlier calls in them for %v", left)
		}
		return shown("movies-v1")()
	})

	change := time.Now()
	routeMovies(t, map[string]int32{"v2": 100})
	sandboxtest.Eventually(t, metricsPatience, "calls to movies-v2 are shown", func() error {
		if called := moviesCalled(t); !slices.Contains(called, "movies-v2") {
			return fmt.Errorf("calls to %v are shown", called)
		}
		return nil
	})
	seen := time.Since(change)
	t.Logf("the topology showed the new route after %.1f s", seen.Seconds())
	if seen > seenLimit && !testing.Short() { // the long tests have the machine for themselves
		t.Errorf("the topology showed the new route after %v, want %v", seen, seenLimit)
	}
	sandboxtest.Eventually(t, metricsPatience, "only calls to movies-v2 are shown", shown("movies-v2"))
	if !testing.Short() {
		<-time.After(time.Until(change.Add(lookBack - sandboxScrape)))
	}
	before := change.Add(-time.Second).UTC().Format(time.RFC3339)
	if diff := cmp.Diff([]string{"movies-v1"}, moviesCalled(t, before)); diff != "" {
		t.Errorf("%v after the change, the topology of before it (-want +shown):\n%s", time.Since(change).Round(time.Second), diff)
	}
}
