package migration

import (
	"fmt"
	"time"
)

// Action is what a Step does.
type Action string

// The actions, in the order in which a migration takes them.
const (
	Relabel Action = "relabel" // label the namespace and remember where it was
	Repoint Action = "repoint" // have the namespace's gateways refer to the control plane
	Restart Action = "restart" // make the pods of workloads anew
	Wait    Action = "wait"    // until restarted workloads are healthy
	Stop    Action = "stop"    // a workload is not healthy
	Done    Action = "done"
)

// Step is the one next action of a migration.
type Step struct {
	Action Action
	// Record is what Relabel writes.
	Record Record
	// Gateways are those that Repoint changes.
	Gateways []Gateway
	// Restart are the workloads to restart.
	Restart []Workload
	// Moving are those that were restarted and are not healthy yet.
	Moving []Workload
	// Leaving are the pods that are about to go and still have proxies of another control plane.
	Leaving []string
	// Reason says why Stop.
	Reason string

	// Moved of Total workloads are on the target and healthy.
	Moved, Total int
	// Left is what stays where it is.
	Left []Left
}

// Next computes what to do next for the namespace to be on the target, with at most atOnce workloads moving at the
// same time. It is pure.
func Next(s State, target Target, atOnce int, now time.Time) Step {
	sorted := sortOut(s, target)
	step := Step{Moving: sorted.moving, Leaving: leaving(s, target), Moved: sorted.moved, Total: len(s.Workloads) - sorted.fixed, Left: sorted.left}
	recorded := s.Record.To == target.Label && s.Record.At != ""
	stray := strayGateways(s, target)
	switch {
	case !s.Selected, !recorded && len(sorted.pending) > 0:
		step.Action, step.Record = Relabel, recordOf(s, target, recorded, now)
	case len(stray) > 0:
		step.Action, step.Gateways = Repoint, stray
	case sorted.failed != "":
		step.Action, step.Reason = Stop, sorted.failed
	case len(sorted.pending) > 0 && len(sorted.moving) < atOnce:
		step.Action, step.Restart = Restart, sorted.pending[:min(len(sorted.pending), atOnce-len(sorted.moving))]
	case len(sorted.moving) > 0, len(step.Leaving) > 0:
		step.Action = Wait
	default:
		step.Action = Done
	}
	return step
}

// sorted are the workloads of a namespace by how far they are.
type sorted struct {
	pending, moving []Workload
	moved, fixed    int
	left            []Left
	failed          string // why the first that is not healthy is not
}

func sortOut(s State, target Target) sorted {
	var r sorted
	for _, w := range s.Workloads {
		restarted := s.Record.To == target.Label && s.Record.At != "" && w.RestartedFor == s.Record.At
		on := w.on(target.Plane)
		switch {
		case on && w.Settled:
			r.moved++
		case !on && w.Fixed != "":
			r.fixed++
			r.left = append(r.left, Left{w.String(), w.Fixed})
		case !on && !restarted:
			r.pending = append(r.pending, w)
		case w.Failed != "":
			r.fail(w, w.Failed)
		case !w.Settled:
			r.moving = append(r.moving, w)
		default:
			r.fail(w, "its new pods have no proxy of control plane "+target.Plane.Label()+": "+notInjected(w, target))
		}
	}
	r.left = append(r.left, looseOf(s, target)...)
	return r
}

func looseOf(s State, target Target) []Left {
	var left []Left
	for _, pod := range s.Loose {
		if !pod.Exempt && pod.InjectedBy != target.Plane.Name {
			left = append(left, Left{"Pod " + pod.Name, pod.Reason})
		}
	}
	return left
}

func (r *sorted) fail(w Workload, reason string) {
	if r.failed == "" {
		r.failed = fmt.Sprintf("%s is not healthy: %s", w, reason)
	}
}

// leaving names the pods that keep the control plane before in use until they are gone.
func leaving(s State, target Target) []string {
	var names []string
	for _, pod := range s.Leaving {
		if pod.InjectedBy != "" && pod.InjectedBy != target.Plane.Name {
			names = append(names, pod.Name)
		}
	}
	return names
}

// notInjected says what the pods have instead.
func notInjected(w Workload, target Target) string {
	for _, pod := range w.Pods {
		switch {
		case pod.Exempt || pod.InjectedBy == target.Plane.Name:
		case pod.InjectedBy == "":
			return fmt.Sprintf("pod %s has none", pod.Name)
		default:
			return fmt.Sprintf("pod %s has one of %s", pod.Name, pod.InjectedBy)
		}
	}
	return ""
}

func strayGateways(s State, target Target) []Gateway {
	var stray []Gateway
	for _, gateway := range s.Gateways {
		if gateway.Plane != target.Plane {
			stray = append(stray, gateway)
		}
	}
	return stray
}

// recordOf is what is to be remembered. Going back does not change where back is, so that a rollback that is repeated
// goes on instead of turning round.
func recordOf(s State, target Target, recorded bool, now time.Time) Record {
	record := Record{To: target.Label, At: now.UTC().Format(time.RFC3339Nano)}
	switch {
	case target.Back:
		record.Previous = target.Label
	case !s.Selected:
		record.Previous = s.Label
	case recorded:
		record.Previous = s.Record.Previous
	default:
		record.Previous = soleOther(s, target)
	}
	return record
}

// soleOther is the one other control plane that pods of the namespace are attached to: where the namespace was before
// somebody labelled it by hand. "" when there is none, or more than one.
func soleOther(s State, target Target) string {
	other := ""
	for _, w := range s.Workloads {
		for _, pod := range w.Pods {
			if pod.InjectedBy == "" || pod.InjectedBy == target.Plane.Name || pod.InjectedBy == other {
				continue
			}
			if other != "" {
				return ""
			}
			other = pod.InjectedBy
		}
	}
	return other
}
