package podstate

import "time"

const (
	firstDelay = 10 * time.Second
	maxDelay   = 5 * time.Minute
	calmPeriod = 10 * time.Minute
)

// Backoff delays the restarts of a container that ends again and again: the first restart is immediate,
// the second waits 10 s, each further one twice as long up to 5 min. A container that ran for 10 min
// begins anew. The zero value has no restart yet.
type Backoff struct {
	delay   time.Duration
	renewed time.Time
}

// Until is when a container that ended at the given time may start again.
func (b Backoff) Until(ended time.Time) time.Time {
	if b.calm(ended) {
		return ended
	}
	return ended.Add(b.delay)
}

// Delay is the pause that now stands before a restart.
func (b Backoff) Delay() time.Duration { return b.delay }

// Restarted is the state after a container that ended at the given time started again now.
func (b Backoff) Restarted(ended, now time.Time) Backoff {
	if b.calm(ended) {
		return Backoff{delay: firstDelay, renewed: now}
	}
	return Backoff{delay: min(2*b.delay, maxDelay), renewed: now}
}

func (b Backoff) calm(ended time.Time) bool {
	return b.delay == 0 || ended.Sub(b.renewed) > calmPeriod
}
