package node

import "sync"

// inbox collects changes for a goroutine that alone may make them. Posting never blocks.
type inbox struct {
	ready chan struct{}

	mu      sync.Mutex
	changes []func()
}

func newInbox() *inbox { return &inbox{ready: make(chan struct{}, 1)} }

// post adds a change.
func (i *inbox) post(change func()) {
	i.mu.Lock()
	i.changes = append(i.changes, change)
	i.mu.Unlock()
	select {
	case i.ready <- struct{}{}:
	default:
	}
}

// apply makes all changes posted so far, in order.
func (i *inbox) apply() {
	i.mu.Lock()
	changes := i.changes
	i.changes = nil
	i.mu.Unlock()
	for _, change := range changes {
		change()
	}
}
