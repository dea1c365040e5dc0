package probe

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Report is told what the probes of a container find.
type Report struct {
	// Started is called once, when the startup probe succeeded or there is none.
	Started func()
	// Ready is called for each change; a container begins as not ready.
	Ready func(bool)
	// Unhealthy is called when the startup or the liveness probe failed as often as its threshold says.
	// No further probe of that kind is tried.
	Unhealthy func(kind Kind, spec *corev1.Probe)
	// Failed is called for each try that failed and counts.
	Failed func(kind Kind, err error)
}

// Run tries the probes of a container that started at the given time until ctx ends.
func (c *Checker) Run(ctx context.Context, target Target, started time.Time, report Report) {
	spec := target.Container
	// Startup and liveness probes end with their first verdict.
	verdict := func() bool { return false }
	if spec.StartupProbe != nil {
		t := NewTracker(Startup, spec.StartupProbe, started, time.Now())
		if !c.follow(ctx, t, spec.StartupProbe, target, report, verdict) {
			return
		}
		if !t.Healthy() {
			report.Unhealthy(Startup, spec.StartupProbe)
			return
		}
	}
	report.Started()
	if spec.LivenessProbe != nil {
		go func() {
			t := NewTracker(Liveness, spec.LivenessProbe, started, time.Now())
			if c.follow(ctx, t, spec.LivenessProbe, target, report, verdict) {
				report.Unhealthy(Liveness, spec.LivenessProbe)
			}
		}()
	}
	if spec.ReadinessProbe == nil {
		report.Ready(true)
		return
	}
	t := NewTracker(Readiness, spec.ReadinessProbe, started, time.Now())
	c.follow(ctx, t, spec.ReadinessProbe, target, report, func() bool { report.Ready(t.Healthy()); return true })
}

// follow tries a probe whenever it is due and asks proceed after each verdict. It returns true when
// proceed says no, and false when ctx ends before.
func (c *Checker) follow(ctx context.Context, t *Tracker, spec *corev1.Probe, target Target, report Report, proceed func() bool) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Until(t.Next())):
		}
		began := time.Now()
		err := c.Check(ctx, spec, target)
		if ctx.Err() != nil {
			return false
		}
		if err != nil && t.Counts(began) {
			report.Failed(t.kind, err)
		}
		if t.Observe(began, err == nil) && !proceed() {
			return true
		}
	}
}
