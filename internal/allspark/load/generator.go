package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxInFlight bounds the requests that wait for an answer: a slow target is not buried under more.
	maxInFlight = 64

	// maxWait is the longest time between two looks at the settings.
	maxWait = time.Second
)

// Generator sends requests at the rate of its settings, which may change while it runs.
type Generator struct {
	send    Send
	changed chan struct{}

	mu       sync.Mutex
	settings Settings
	started  time.Time // when the present swing began

	sent, failed, failedBehind, skipped atomic.Int64
}

// Send sends one request and must bound its own time. behind is how many calls the answer says have failed behind the
// service that answered.
type Send func(context.Context) (behind int, err error)

// NewGenerator returns a Generator that calls send for every request.
func NewGenerator(settings Settings, send Send) *Generator {
	return &Generator{send: send, settings: settings, started: time.Now(), changed: make(chan struct{}, 1)}
}

// Set changes the settings. A generator that was off starts its swing anew.
func (g *Generator) Set(settings Settings) {
	g.mu.Lock()
	if settings.Enabled && !g.settings.Enabled {
		g.started = time.Now()
	}
	g.settings = settings
	g.mu.Unlock()
	select {
	case g.changed <- struct{}{}:
	default: // the loop has yet to see an earlier change
	}
}

// Settings returns the present settings.
func (g *Generator) Settings() Settings {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.settings
}

// State is what a generator is doing.
type State struct {
	Enabled     bool    `json:"enabled"`
	MinRPS      float64 `json:"minRPS"`
	MaxRPS      float64 `json:"maxRPS"`
	SwingPeriod string  `json:"swingPeriod"`
	RPS         float64 `json:"rps"` // the rate that is aimed at now
	Sent        int64   `json:"sent"`
	Failed      int64   `json:"failed"`
	// FailedBehind counts the calls that services made for these requests and that failed, as the answers tell.
	FailedBehind int64 `json:"failedBehind"`
	Skipped      int64 `json:"skipped"` // not sent, because too many were waiting for an answer
}

// State returns what the generator is doing now.
func (g *Generator) State() State {
	s := g.Settings()
	return State{
		Enabled: s.Enabled, MinRPS: s.MinRPS, MaxRPS: s.MaxRPS, SwingPeriod: s.SwingPeriod.String(), RPS: g.rate(time.Now()),
		Sent: g.sent.Load(), Failed: g.failed.Load(), FailedBehind: g.failedBehind.Load(), Skipped: g.skipped.Load(),
	}
}

// rate is the wanted rate at a time, 0 when the generator is off.
func (g *Generator) rate(now time.Time) float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.settings.Enabled {
		return 0
	}
	return g.settings.Rate(now.Sub(g.started))
}

// Run generates load until the context ends, and returns when the last request has been answered: a generator that stops
// does not cut off its requests.
func (g *Generator) Run(ctx context.Context) {
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	slots := make(chan struct{}, maxInFlight)
	timer := time.NewTimer(0)
	defer timer.Stop()
	next := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.changed:
			next = time.Now()
		case <-timer.C:
		}
		now := time.Now()
		if rate := g.rate(now); rate > 0 && !now.Before(next) {
			g.start(ctx, slots, &inFlight)
			next = following(next, now, rate)
		} else if rate <= 0 {
			next = now.Add(maxWait)
		}
		timer.Reset(min(time.Until(next), maxWait))
	}
}

// following is when the next request is due: in the rhythm of the rate, without making up for a long pause.
func following(due, now time.Time, rate float64) time.Time {
	interval := time.Duration(float64(time.Second) / rate)
	if now.Sub(due) > maxWait {
		due = now
	}
	return due.Add(interval)
}

func (g *Generator) start(ctx context.Context, slots chan struct{}, inFlight *sync.WaitGroup) {
	select {
	case slots <- struct{}{}:
	default:
		g.skipped.Add(1)
		return
	}
	g.sent.Add(1)
	inFlight.Go(func() {
		defer func() { <-slots }()
		behind, err := g.send(context.WithoutCancel(ctx))
		if err != nil {
			g.failed.Add(1)
		}
		g.failedBehind.Add(int64(behind))
	})
}
