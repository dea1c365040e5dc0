package cli

import (
	"maps"
	"slices"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// componentProgress shows the state of each component of a ControlPlane as a line of its own,
// below the step of the whole.
type componentProgress struct {
	progress *Progress
	whole    *Step
	steps    map[string]*Step
}

func newComponentProgress(progress *Progress, whole *Step) *componentProgress {
	return &componentProgress{progress: progress, whole: whole, steps: map[string]*Step{}}
}

// show tells how far the components are; cp is nil when it is gone.
func (c *componentProgress) show(cp *smmv1alpha1.ControlPlane, waiting string) {
	if waiting != "" {
		c.whole.Update(waiting)
	}
	if cp == nil || cp.DeletionTimestamp != nil {
		return // what is being removed has no state worth a line
	}
	for _, name := range slices.Sorted(maps.Keys(cp.Status.Components)) {
		status := cp.Status.Components[name]
		step := c.steps[name]
		if step == nil {
			step = c.progress.Step("  " + name)
			c.steps[name] = step
		}
		switch status.Status {
		case smmv1alpha1.ComponentReconciling:
			step.Update(status.Message)
		case smmv1alpha1.ComponentFailed:
			step.Update(string(status.Status) + ": " + status.Message)
		default:
			step.Done(string(status.Status))
		}
	}
}

func (c *componentProgress) done(message string) {
	for _, step := range c.steps {
		step.Done("done")
	}
	c.whole.Done(message)
}

func (c *componentProgress) fail() {
	for _, step := range c.steps {
		step.Fail(errStopped)
	}
	c.whole.Fail(errStopped)
}
