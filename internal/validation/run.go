package validation

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// run runs checks and returns what these runs had found before and what they find now. It stops with the context.
func (e *Engine) run(ctx context.Context, runs []runKey) (before, after []Finding, err error) {
	for _, key := range runs {
		before = append(before, e.results[key]...)
		delete(e.results, key)
	}
	found, err := e.runAll(ctx, runs)
	for i, key := range runs {
		if len(found[i]) > 0 {
			e.results[key] = found[i]
			after = append(after, found[i]...)
		}
	}
	return before, after, err
}

// runAll returns what each run finds. Each check has one worker at a time, since its runs share what the first of them
// derives from the mesh.
func (e *Engine) runAll(ctx context.Context, runs []runKey) ([][]Finding, error) {
	found := make([][]Finding, len(runs))
	ends := endsOfChecks(runs)
	var taken atomic.Int64
	workers, ctx := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0), len(ends)) {
		workers.Go(func() error {
			for {
				check := int(taken.Add(1)) - 1
				if check >= len(ends) {
					return nil
				}
				first := 0
				if check > 0 {
					first = ends[check-1]
				}
				for i := first; i < ends[check]; i++ {
					if err := ctx.Err(); err != nil {
						return err
					}
					found[i] = e.runOne(runs[i])
				}
			}
		})
	}
	return found, workers.Wait()
}

// endsOfChecks returns where the runs of each check end: the plan has them one after the other.
func endsOfChecks(runs []runKey) []int {
	var ends []int
	for i := range runs {
		if i+1 == len(runs) || runs[i+1].check != runs[i].check {
			ends = append(ends, i+1)
		}
	}
	return ends
}

func (e *Engine) runOne(key runKey) []Finding {
	o := e.mesh.get(key.subject)
	if o == nil {
		return nil
	}
	return slices.DeleteFunc(e.checks[key.check].findings(View{e.mesh, key.subject.Cluster}, o), e.suppressed)
}
