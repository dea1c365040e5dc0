package controlplane

import (
	"context"
	"sync"
	"time"
)

// parts runs components side by side; the first to end, with an error or without, ends them all.
type parts struct {
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	once   sync.Once
	err    error
}

func newParts(parent context.Context) *parts {
	ctx, cancel := context.WithCancel(parent)
	return &parts{ctx: ctx, cancel: cancel}
}

func (p *parts) start(run func(context.Context) error) {
	p.group.Go(func() { p.end(run(p.ctx)) })
}

func (p *parts) end(err error) {
	p.once.Do(func() { p.err = err })
	p.cancel()
}

// wait blocks until a part ends or the parent context is done, and returns why.
func (p *parts) wait() error {
	<-p.ctx.Done()
	p.once.Do(func() { p.err = p.ctx.Err() })
	return p.err
}

// whileRunning calls f with a context that ends with the parts. When one of
// them ended, its error explains the failure better than f's own.
func (p *parts) whileRunning(f func(context.Context) error) error {
	err := f(p.ctx)
	if p.ctx.Err() != nil {
		return p.wait()
	}
	return err
}

// stop tells all parts to end and waits for them, no longer than the limit.
func (p *parts) stop(limit time.Duration) {
	p.cancel()
	done := make(chan struct{})
	go func() { p.group.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(limit):
	}
}
