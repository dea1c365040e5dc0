package probe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// change is a change of a probe's mind, at a time after the container's start.
type change struct {
	At      time.Duration
	Healthy bool
}

// play lets a tracker try a probe, which succeeds as works says, for a while.
func play(kind Kind, spec corev1.Probe, until time.Duration, works func(time.Duration) bool) (tries []time.Duration, verdicts []change) {
	t := NewTracker(kind, &spec, start, start)
	for {
		at := t.Next().Sub(start)
		if at > until {
			return tries, verdicts
		}
		tries = append(tries, at)
		if t.Observe(start.Add(at), works(at)) {
			verdicts = append(verdicts, change{at, t.Healthy()})
		}
	}
}

func from(from time.Duration) func(time.Duration) bool {
	return func(at time.Duration) bool { return at >= from }
}

func between(first, last time.Duration) func(time.Duration) bool {
	return func(at time.Duration) bool { return at >= first && at < last }
}

const second = time.Second

func TestVerdicts(t *testing.T) {
	never := func(time.Duration) bool { return false }
	always := func(time.Duration) bool { return true }
	tests := []struct {
		name  string
		kind  Kind
		spec  corev1.Probe
		until time.Duration
		works func(time.Duration) bool
		want  []change
	}{
		{"ready at once", Readiness, corev1.Probe{PeriodSeconds: 10}, 30 * second, always, []change{{0, true}}},
		{"ready soon is seen soon", Readiness, corev1.Probe{PeriodSeconds: 10}, 30 * second, from(400 * time.Millisecond),
			[]change{{450 * time.Millisecond, true}}},
		{"nothing is tried before the initial delay", Readiness, corev1.Probe{InitialDelaySeconds: 5, PeriodSeconds: 10}, 30 * second, always,
			[]change{{5 * second, true}}},
		{"after the first period only the period counts", Readiness, corev1.Probe{PeriodSeconds: 10}, 30 * second, from(11 * second),
			[]change{{20 * second, true}}},
		{"not ready after as many failures as the threshold", Readiness, corev1.Probe{PeriodSeconds: 10, FailureThreshold: 3}, 60 * second,
			between(0, 15*second), []change{{0, true}, {40 * second, false}}},
		{"ready after as many successes as the threshold, a period apart", Readiness, corev1.Probe{PeriodSeconds: 10, SuccessThreshold: 3}, 60 * second,
			from(300 * time.Millisecond), []change{{450*time.Millisecond + 20*second, true}}},
		{"a failure in between begins the count anew", Readiness, corev1.Probe{PeriodSeconds: 10, SuccessThreshold: 2}, 45 * second,
			func(at time.Duration) bool { return at != 10*second }, []change{{30 * second, true}}},
		{"alive until the threshold", Liveness, corev1.Probe{PeriodSeconds: 10, FailureThreshold: 3}, 25 * second, never,
			[]change{{21 * second, false}}},
		{"alive", Liveness, corev1.Probe{PeriodSeconds: 10, FailureThreshold: 3}, 60 * second, always, nil},
		{"a single failure does not kill", Liveness, corev1.Probe{PeriodSeconds: 10, FailureThreshold: 3}, 60 * second,
			func(at time.Duration) bool { return at != 21*second && at != 31*second }, nil},
		{"started", Startup, corev1.Probe{PeriodSeconds: 1, FailureThreshold: 30}, 2 * second, from(200 * time.Millisecond),
			[]change{{250 * time.Millisecond, true}}},
		{"quick tries do not use up the threshold", Startup, corev1.Probe{PeriodSeconds: 10, FailureThreshold: 3}, 35 * second, never,
			[]change{{30 * second, false}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, got := play(test.kind, test.spec, test.until, test.works)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

// The quick tries come 100 to 250 ms apart and only in the first period; a liveness probe has none.
func TestTries(t *testing.T) {
	never := func(time.Duration) bool { return false }
	ms := func(all ...int) (times []time.Duration) {
		for _, one := range all {
			times = append(times, time.Duration(one)*time.Millisecond)
		}
		return times
	}
	readiness, _ := play(Readiness, corev1.Probe{PeriodSeconds: 1}, 3*second, never)
	if diff := cmp.Diff(ms(0, 100, 250, 450, 700, 950, 1000, 2000, 3000), readiness); diff != "" {
		t.Errorf("tries of a readiness probe (-want +got):\n%s", diff)
	}
	liveness, _ := play(Liveness, corev1.Probe{PeriodSeconds: 1, FailureThreshold: 9}, 3*second, never)
	if diff := cmp.Diff(ms(1000, 2000, 3000), liveness); diff != "" {
		t.Errorf("tries of a liveness probe (-want +got):\n%s", diff)
	}
	steady, _ := play(Readiness, corev1.Probe{PeriodSeconds: 1}, 3*second, from(0))
	if diff := cmp.Diff(ms(0, 1000, 2000, 3000), steady); diff != "" {
		t.Errorf("tries of a container that is ready (-want +got):\n%s", diff)
	}
}

// A readiness probe that begins late, after a long startup, is tried at once and quickly all the same.
func TestLateBeginning(t *testing.T) {
	now := start.Add(time.Minute)
	tracker := NewTracker(Readiness, &corev1.Probe{PeriodSeconds: 10, InitialDelaySeconds: 5}, start, now)
	if got := tracker.Next(); !got.Equal(now) {
		t.Errorf("first try %v after the beginning", got.Sub(now))
	}
	tracker.Observe(now, false)
	if got := tracker.Next().Sub(now); got != firstQuickPause {
		t.Errorf("second try %v after the beginning", got)
	}
}
