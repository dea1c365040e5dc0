package migration

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// run is one run of a migration. It remembers nothing but what it has done itself.
type run struct {
	*Migrator
	namespace string
	target    Target
	result    Result
	// since is when a workload was first seen to be moving.
	since map[string]time.Time
	// waiting tells that there is nothing to do until something changes.
	waiting bool
}

// step takes the one next action. done tells that the run is over.
func (r *run) step(ctx context.Context, state State, watch func(string)) (done bool, err error) {
	step := Next(state, r.target, r.options.AtOnce, time.Now())
	r.result.Left = step.Left
	r.waiting = false
	if r.result.From == "" && !state.Selected {
		r.result.From = state.Label
	}
	switch step.Action {
	case Relabel:
		watch(fmt.Sprintf("labelling the namespace %s", step.Record.To))
		return false, r.relabel(ctx, r.namespace, step.Record)
	case Repoint:
		for _, gateway := range step.Gateways {
			if err := r.repoint(ctx, r.namespace, gateway.Name, r.target.Plane); err != nil {
				return false, err
			}
		}
		return false, nil
	case Restart:
		return false, r.restartAll(ctx, step, state.Record.At, watch)
	case Stop:
		return true, &StoppedError{Namespace: r.namespace, Reason: step.Reason, Moved: step.Moved, Total: step.Total}
	case Done:
		return true, nil
	}
	r.waiting = true
	return r.wait(step, time.Now(), watch)
}

func (r *run) restartAll(ctx context.Context, step Step, at string, watch func(string)) error {
	for _, w := range step.Restart {
		watch(fmt.Sprintf("%d of %d workloads moved, restarting %s", step.Moved, step.Total, w))
		if err := r.restart(ctx, r.namespace, w, at); err != nil {
			return err
		}
		delete(r.since, w.String())
		r.result.Restarted = append(r.result.Restarted, w.String())
	}
	return nil
}

// wait gives up on what takes too long.
func (r *run) wait(step Step, now time.Time, watch func(string)) (done bool, err error) {
	waits := map[string]string{}
	for _, w := range step.Moving {
		waits[w.String()] = w.Waiting
	}
	if len(step.Moving) == 0 {
		waits["the namespace"] = fmt.Sprintf("pod %s is still about to go", step.Leaving[0])
	}
	moving := map[string]time.Time{}
	for _, name := range slices.Sorted(maps.Keys(waits)) {
		since, known := r.since[name]
		if !known {
			since = now
		}
		moving[name] = since
		if now.Sub(since) > r.options.Patience {
			return true, &StoppedError{
				Namespace: r.namespace, Moved: step.Moved, Total: step.Total,
				Reason: fmt.Sprintf("%s is not healthy after %s: %s", name, r.options.Patience, waits[name]),
			}
		}
	}
	r.since = moving
	watch(fmt.Sprintf("%d of %d workloads moved, %s", step.Moved, step.Total, waits[slices.Min(slices.Collect(maps.Keys(waits)))]))
	return false, nil
}
