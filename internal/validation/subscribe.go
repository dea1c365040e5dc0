package validation

import (
	"context"
	"slices"
	"sync"
)

// Update tells what has changed in the findings. A subscriber's first update holds all of them.
type Update struct {
	Added, Removed []Finding
}

// subscribers are those who are told of changes.
type subscribers struct {
	list []*subscriber
}

// subscriber collects updates for one reader, so that a slow reader neither waits for others nor holds them up.
type subscriber struct {
	mu      sync.Mutex
	pending Update
	wake    chan struct{} // holds one signal when something is pending
}

// Subscribe returns a channel of changes, first all findings, until ctx ends. A reader that is slower than the changes
// gets several of them as one.
func (e *Engine) Subscribe(ctx context.Context) <-chan Update {
	s := &subscriber{wake: make(chan struct{}, 1)}
	e.mu.Lock()
	s.add(Update{Added: e.all()})
	e.watch.list = append(e.watch.list, s)
	e.mu.Unlock()

	updates := make(chan Update)
	go func() {
		defer close(updates)
		defer e.unsubscribe(s)
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.wake:
			}
			select {
			case <-ctx.Done():
				return
			case updates <- s.take():
			}
		}
	}()
	return updates
}

func (e *Engine) unsubscribe(s *subscriber) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.watch.list = slices.DeleteFunc(e.watch.list, func(other *subscriber) bool { return other == s })
}

// publish tells the difference of two sets of findings.
func (e *Engine) publish(before, after []Finding) {
	if len(e.watch.list) == 0 {
		return
	}
	before, after = e.finish(before), e.finish(after)
	update := Update{Added: subtract(after, before), Removed: subtract(before, after)}
	if len(update.Added)+len(update.Removed) == 0 {
		return
	}
	for _, s := range e.watch.list {
		s.add(update)
	}
}

func (s *subscriber) add(update Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added, removed := update.Added, update.Removed
	s.pending = Update{
		Added:   append(subtract(s.pending.Added, removed), subtract(added, s.pending.Removed)...),
		Removed: append(subtract(s.pending.Removed, added), subtract(removed, s.pending.Added)...),
	}
	select {
	case s.wake <- struct{}{}:
	default: // it is told already
	}
}

func (s *subscriber) take() Update {
	s.mu.Lock()
	defer s.mu.Unlock()
	pending := s.pending
	s.pending = Update{}
	return pending
}

// subtract returns the findings of a that are not in b.
func subtract(a, b []Finding) []Finding {
	in := make(map[string][]Finding, len(b))
	for _, f := range b {
		in[f.Subject.String()] = append(in[f.Subject.String()], f)
	}
	var rest []Finding
	for _, f := range a {
		if !slices.ContainsFunc(in[f.Subject.String()], func(other Finding) bool { return equalFindings(f, other) }) {
			rest = append(rest, f)
		}
	}
	return rest
}
