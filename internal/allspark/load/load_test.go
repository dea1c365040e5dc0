package load

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestRateIsASineBetweenTheBounds(t *testing.T) {
	s := Settings{Enabled: true, MinRPS: 10, MaxRPS: 30, SwingPeriod: 20 * time.Minute}
	for since, want := range map[time.Duration]float64{
		0: 20, 5 * time.Minute: 30, 10 * time.Minute: 20, 15 * time.Minute: 10, 20 * time.Minute: 20, 65 * time.Minute: 30,
	} {
		if got := s.Rate(since); math.Abs(got-want) > 0.001 {
			t.Errorf("Rate(%s) = %v, want %v", since, got, want)
		}
	}
	for since := time.Duration(0); since < s.SwingPeriod; since += 7 * time.Second {
		if got := s.Rate(since); got < 10-1e-9 || got > 30+1e-9 {
			t.Fatalf("Rate(%s) = %v is outside the bounds", since, got)
		}
	}
	if got := (Settings{MinRPS: 1, MaxRPS: 5}).Rate(time.Hour); got != 5 {
		t.Errorf("without a period the rate is %v, want maxRPS", got)
	}
}

func TestSettingsAreReadAsDocumented(t *testing.T) {
	got, err := Defaults().Parse(map[string]string{"swingPeriod": "1380000000000", "maxRPS": "50\n", "other": "ignored"})
	want := Settings{Enabled: true, MinRPS: 10, MaxRPS: 50, SwingPeriod: 23 * time.Minute}
	if err != nil || got != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	again, err := Settings{}.Parse(want.Values())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("values do not survive: %s", diff)
	}
	for _, values := range []map[string]string{
		{"enabled": "perhaps"}, {"minRPS": "-1"}, {"minRPS": "31"}, {"maxRPS": "1e9"}, {"maxRPS": "NaN"},
		{"swingPeriod": "soon"}, {"swingPeriod": "-1s"},
	} {
		if got, err := Defaults().Parse(values); err == nil {
			t.Errorf("Parse(%v) = %v, want an error", values, got)
		}
	}
}

func TestGeneratorKeepsTheRate(t *testing.T) {
	g := NewGenerator(Settings{Enabled: true, MinRPS: 200, MaxRPS: 200, SwingPeriod: time.Minute}, func(context.Context) (int, error) { return 0, nil })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	g.Run(ctx)
	if sent := g.State().Sent; sent < 150 || sent > 202 {
		t.Errorf("sent %d requests within a second, want about 200", sent)
	}
}

func TestGeneratorStartsAndStopsWhileRunning(t *testing.T) {
	var calls atomic.Int64
	off := Settings{MinRPS: 100, MaxRPS: 100}
	on := off
	on.Enabled = true
	g := NewGenerator(off, func(context.Context) (int, error) { calls.Add(1); return 2, errors.New("refused") })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { g.Run(ctx); close(done) }()

	if state := g.State(); state.Enabled || state.RPS != 0 {
		t.Errorf("a generator that is off aims at %v", state.RPS)
	}
	g.Set(on)
	eventually(t, "requests after start", func() bool { return calls.Load() > 3 })
	g.Set(off)
	cancel()
	<-done
	if state := g.State(); state.Sent != calls.Load() {
		t.Errorf("Run returned with %d sent and %d calls done", state.Sent, calls.Load())
	} else if state.Failed != state.Sent || state.FailedBehind != 2*state.Sent {
		t.Errorf("of %d requests, %d and behind them %d are counted as failed", state.Sent, state.Failed, state.FailedBehind)
	}
}

func TestGeneratorDoesNotBuryASlowTarget(t *testing.T) {
	release := make(chan struct{})
	g := NewGenerator(Settings{Enabled: true, MinRPS: MaxRPS, MaxRPS: MaxRPS}, func(context.Context) (int, error) { <-release; return 0, nil })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { g.Run(ctx); close(done) }()
	eventually(t, "requests are skipped", func() bool { return g.State().Skipped > 0 })
	if sent := g.State().Sent; sent != maxInFlight {
		t.Errorf("%d requests wait for an answer, want %d", sent, maxInFlight)
	}
	close(release)
	cancel()
	<-done
}

func TestRequestsUnderWayAreNotCutOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g := NewGenerator(Settings{Enabled: true, MinRPS: 10, MaxRPS: 10}, func(send context.Context) (int, error) {
		cancel()
		return 0, send.Err()
	})
	g.Run(ctx)
	if state := g.State(); state.Sent != 1 || state.Failed != 0 {
		t.Errorf("state %+v, want one request that did not fail", state)
	}
}

func TestAPauseIsNotMadeUpFor(t *testing.T) {
	now := time.Now()
	if got := following(now.Add(-time.Minute), now, 10); got != now.Add(100*time.Millisecond) {
		t.Errorf("after a pause the next request is due in %s", got.Sub(now))
	}
	due := now.Add(-3 * time.Millisecond)
	if got := following(due, now, 10); got != due.Add(100*time.Millisecond) {
		t.Errorf("a small delay must not slow down the rhythm: %s", got.Sub(now))
	}
}

func TestMountedSettingsTakeEffectWithoutRestart(t *testing.T) {
	dir := t.TempDir()
	write := func(key, value string) {
		if err := os.WriteFile(filepath.Join(dir, key), []byte(value), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(KeyEnabled, "false")
	initial, err := Defaults().ReadDir(dir)
	if err != nil || initial.Enabled || initial.MaxRPS != Defaults().MaxRPS {
		t.Fatalf("ReadDir = %v, %v", initial, err)
	}
	g := NewGenerator(initial, func(context.Context) (int, error) { return 0, nil })
	go g.Watch(t.Context(), dir, initial, slog.New(slog.DiscardHandler))
	write(KeyEnabled, "true")
	write(KeyMaxRPS, "12")
	eventually(t, "the change is seen", func() bool { return g.Settings().Enabled && g.Settings().MaxRPS == 12 })

	if got, err := Defaults().ReadDir(filepath.Join(dir, "absent")); err != nil || got != Defaults() {
		t.Errorf("a missing directory gave %v, %v", got, err)
	}
}
