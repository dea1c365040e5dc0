package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Backend is where the metrics of one cluster, or of all, are.
type Backend struct {
	// Cluster is the cluster whose metrics the backend has; "" for one that has those of all.
	Cluster string
	// Interval is the time between two scrapes.
	Interval time.Duration

	client *Client
	mu     sync.Mutex
	state  State
}

// State tells how a backend does.
type State struct {
	// Asked tells that it was asked at all.
	Asked bool
	// Problem is why the last question was not answered; "" when it was.
	Problem string
	// LastAnswer is when it answered last.
	LastAnswer time.Time
}

// DefaultInterval is the time between two scrapes of the product's own Prometheus.
const DefaultInterval = 5 * time.Second

// windowScrapes is how many scrapes a rate is computed from, so that one that fails does no harm.
const windowScrapes = 4

// NewBackend returns a Backend. The interval is DefaultInterval when it is 0.
func NewBackend(cluster string, settings Settings, interval time.Duration) (*Backend, error) {
	client, err := NewClient(settings)
	if err != nil {
		return nil, err
	}
	if interval <= 0 {
		interval = DefaultInterval
	}
	return &Backend{Cluster: cluster, Interval: interval, client: client}, nil
}

// URL is the backend's address.
func (b *Backend) URL() string { return b.client.URL() }

// Window is the time over which rates are computed.
func (b *Backend) Window() time.Duration { return windowScrapes * b.Interval }

// State tells how the backend does, by the last question.
func (b *Backend) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// Ping asks for next to nothing.
func (b *Backend) Ping(ctx context.Context) error {
	_, err := b.Query(ctx, "vector(1)", time.Now())
	return err
}

// Range evaluates an expression at instants that lie a step apart.
func (b *Backend) Range(ctx context.Context, expression string, from, to time.Time, step time.Duration) ([]Line, error) {
	lines, err := b.client.Range(ctx, expression, from, to, step)
	return lines, b.note(ctx, err)
}

// Query evaluates an expression at an instant.
func (b *Backend) Query(ctx context.Context, expression string, at time.Time) ([]Value, error) {
	values, err := b.client.Query(ctx, expression, at)
	return values, b.note(ctx, err)
}

// note keeps what a question says of the backend. One that its asker gave up says nothing.
func (b *Backend) note(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Asked = true
	if b.state.Problem = ""; err != nil {
		b.state.Problem = err.Error()
	}
	if err == nil || errors.Is(err, ErrRefused) {
		b.state.LastAnswer = time.Now()
	}
	return err
}
