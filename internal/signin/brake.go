package signin

import (
	"sync"
	"time"
)

const (
	// freeAttempts is how many attempts to sign in may fail before the next must wait.
	freeAttempts = 3
	// firstWait is the wait after that; each further failure doubles it, up to maxWait.
	firstWait = time.Second
	maxWait   = 5 * time.Minute
	// maxSources bounds the memory: beyond it, the sources that failed longest ago are forgotten.
	maxSources = 10_000
)

// Brake slows those down who try to sign in and fail. It is kept for each source, such as an address.
type Brake struct {
	now     func() time.Time
	mu      sync.Mutex
	sources map[string]*attempts
}

type attempts struct {
	failed int
	last   time.Time
}

// NewBrake returns a Brake. now tells the time.
func NewBrake(now func() time.Time) *Brake {
	return &Brake{now: now, sources: map[string]*attempts{}}
}

// Wait tells how long the source has to wait before its next attempt; 0 for not at all.
func (b *Brake) Wait(source string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.sources[source]
	if known == nil {
		return 0
	}
	return max(0, known.last.Add(known.wait()).Sub(b.now()))
}

// Failed notes an attempt that failed.
func (b *Brake) Failed(source string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.sources[source]
	if known == nil || b.now().Sub(known.last) > 2*maxWait {
		known = &attempts{}
		b.sources[source] = known
	}
	known.failed++
	known.last = b.now()
	if len(b.sources) > maxSources {
		b.forgetOldest()
	}
}

// Succeeded forgets the failures of a source.
func (b *Brake) Succeeded(source string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sources, source)
}

func (b *Brake) forgetOldest() {
	oldest := ""
	for source, known := range b.sources {
		if oldest == "" || known.last.Before(b.sources[oldest].last) {
			oldest = source
		}
	}
	delete(b.sources, oldest)
}

func (a *attempts) wait() time.Duration {
	if a.failed < freeAttempts {
		return 0
	}
	wait := firstWait
	for range min(a.failed-freeAttempts, 10) {
		wait *= 2
	}
	return min(wait, maxWait)
}
