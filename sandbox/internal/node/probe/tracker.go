// Package probe checks running containers as their startup, readiness and liveness probes ask for.
package probe

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Kind is what a probe decides.
type Kind int

const (
	// Startup decides when a container has started, and restarts one that does not start.
	Startup Kind = iota
	// Readiness decides whether a container gets traffic.
	Readiness
	// Liveness restarts a container that hangs.
	Liveness
)

func (k Kind) String() string { return [...]string{"Startup", "Readiness", "Liveness"}[k] }

// Tracker says when a probe is to be tried and what its results mean. It is a state machine without a
// clock: the caller asks for the next time, tries and tells the result.
//
// A probe is tried every periodSeconds, and the thresholds count these tries. In the first period, which
// begins initialDelaySeconds after the container's start, a startup or readiness probe is tried quickly
// instead, so that a container which is soon ready need not wait for the period's end. Of the quick tries
// only one that succeeds matters; those that fail count for nothing. A liveness probe is first tried when
// the initial delay is over, but not in the container's first second, in which a kubelet would not do it
// either.
type Tracker struct {
	kind  Kind
	spec  corev1.Probe
	next  time.Time // the next try that counts
	quick time.Time // the next quick try; zero when there are no more
	pause time.Duration

	healthy bool // the present verdict
	last    bool // the last result that counted
	run     int32
}

const (
	firstQuickPause = 100 * time.Millisecond
	lastQuickPause  = 250 * time.Millisecond
	quickPauseStep  = 50 * time.Millisecond

	firstLiveness = time.Second
)

// NewTracker returns the tracker of a probe that begins now, of a container that started at the given time.
// A container is taken to be alive until its liveness probe fails, and neither started nor ready until
// those succeed.
func NewTracker(kind Kind, spec *corev1.Probe, started, now time.Time) *Tracker {
	t := &Tracker{kind: kind, spec: *spec, pause: firstQuickPause, healthy: kind == Liveness}
	t.spec.PeriodSeconds = max(t.spec.PeriodSeconds, 1)
	t.spec.FailureThreshold = max(t.spec.FailureThreshold, 1)
	t.spec.SuccessThreshold = max(t.spec.SuccessThreshold, 1)
	delay := time.Duration(t.spec.InitialDelaySeconds) * time.Second
	if kind == Liveness {
		t.next = later(started.Add(max(delay, firstLiveness)), now)
		return t
	}
	t.quick = later(started.Add(delay), now)
	t.next = t.quick.Add(t.period())
	return t
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (t *Tracker) period() time.Duration { return time.Duration(t.spec.PeriodSeconds) * time.Second }

// Next is when the probe is to be tried next.
func (t *Tracker) Next() time.Time {
	if !t.quick.IsZero() && t.quick.Before(t.next) {
		return t.quick
	}
	return t.next
}

// Counts says that a try which begins now counts towards the thresholds even when it fails.
func (t *Tracker) Counts(now time.Time) bool { return !now.Before(t.next) }

// Healthy is the present verdict.
func (t *Tracker) Healthy() bool { return t.healthy }

// Observe takes the result of a try that began at the given time and reports whether the verdict is
// given anew: it is so for each change, and for each failure of a startup or liveness probe that reaches
// the threshold.
func (t *Tracker) Observe(began time.Time, succeeded bool) bool {
	counts := t.Counts(began)
	t.schedule(began, succeeded)
	if !counts && !succeeded {
		return false
	}
	if succeeded == t.last && t.run > 0 {
		t.run++
	} else {
		t.last, t.run = succeeded, 1
	}
	threshold := t.spec.FailureThreshold
	if succeeded {
		threshold = t.spec.SuccessThreshold
	}
	if t.run < threshold {
		return false
	}
	changed := t.healthy != succeeded || t.kind != Readiness && !succeeded
	t.healthy = succeeded
	return changed
}

// schedule sets the times of the tries after one that began at the given time.
func (t *Tracker) schedule(began time.Time, succeeded bool) {
	switch {
	case t.Counts(began):
		t.quick = time.Time{}
		t.next = t.next.Add(t.period())
		if t.next.Before(began) { // a try took longer than a period
			t.next = began.Add(t.period())
		}
	case succeeded:
		// From the first success on, the periods are counted from that.
		t.quick, t.next = time.Time{}, began.Add(t.period())
	default:
		t.quick = began.Add(t.pause)
		t.pause = min(t.pause+quickPauseStep, lastQuickPause)
	}
}
