package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/allspark/load"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// testLoadSwings lets a DemoApplication ask for a short swing, and counts what its load generator really sends over one.
func testLoadSwings(t *testing.T) {
	const lowest, highest, period = 2, 20, 12 * time.Second
	was := kubectl(t, "", "get", "demoapplication", "-n", demoNamespace, demoNamespace, "-o", "jsonpath={.spec}")
	kubectl(t, "", "patch", "demoapplication", "-n", demoNamespace, demoNamespace, "--type=merge", "-p",
		fmt.Sprintf(`{"spec":{"load":{"minRPS":%d,"maxRPS":%d,"swingPeriod":%d}}}`, lowest, highest, period.Nanoseconds()))
	defer kubectl(t, "", "patch", "demoapplication", "-n", demoNamespace, demoNamespace, "--type=json", "-p", `[{"op":"replace","path":"/spec","value":`+was+`}]`)
	address := forward(t, demoNamespace, demoPod(t, "bombardier", "v1").Name, controlPort)
	look := func() (state load.State) {
		body, err := sandboxtest.Get(t.Context(), address, "/load", nil)
		if err == nil {
			err = json.Unmarshal(body, &state)
		}
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	sandboxtest.Eventually(t, 2*time.Minute, "the generator has the settings of the DemoApplication", func() error {
		if state := look(); state.MinRPS != lowest || state.MaxRPS != highest || state.SwingPeriod != period.String() {
			return fmt.Errorf("it has %+v", state)
		}
		return nil
	})
	slowest, fastest := rates(t, period+period/4, period/8, func() int64 { return look().Sent })
	t.Logf("between %.1f and %.1f requests a second within %s", slowest, fastest, period)
	// Over an eighth of the period a sine is within 3 % of its bounds; the rest is for a loaded machine.
	const middle = (lowest + highest) / 2
	if slowest > middle-4 || fastest < middle+4 || fastest > highest*1.2 {
		t.Errorf("between %.1f and %.1f requests a second were sent, want about %d and %d", slowest, fastest, lowest, highest)
	}
}

// rates watches a counter for a time and returns the lowest and highest number a second within any window.
func rates(t *testing.T, within, window time.Duration, count func() int64) (lowest, highest float64) {
	t.Helper()
	type sample struct {
		at    time.Time
		count int64
	}
	var samples []sample
	first := true
	begun := time.Now()
	sandboxtest.Eventually(t, 2*within, "the counter was watched", func() error {
		now := sample{time.Now(), count()}
		samples = append(samples, now)
		for now.at.Sub(samples[0].at) >= window {
			rate := float64(now.count-samples[0].count) / now.at.Sub(samples[0].at).Seconds()
			if lowest = min(lowest, rate); first {
				lowest, first = rate, false
			}
			highest = max(highest, rate)
			samples = samples[1:]
		}
		if now.at.Sub(begun) < within {
			return fmt.Errorf("%s of %s", now.at.Sub(begun), within)
		}
		return nil
	})
	return lowest, highest
}
