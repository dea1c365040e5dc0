package controlplane

import (
	"context"
	"errors"
	"testing"
	"time"
)

var errBroken = errors.New("broken")

func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func broken(context.Context) error { return errBroken }

func TestPartsEndTogether(t *testing.T) {
	p := newParts(t.Context())
	ended := make(chan struct{})
	p.start(func(ctx context.Context) error { defer close(ended); return untilDone(ctx) })
	p.start(broken)
	if err := p.wait(); !errors.Is(err, errBroken) {
		t.Errorf("wait: %v, want the error of the part that ended first", err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("one part's end did not end the other")
	}
}

func TestPartsEndWithTheirParent(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	p := newParts(parent)
	p.start(untilDone)
	cancel()
	if err := p.wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: %v", err)
	}
}

// While waiting for a part, its own error says more than that the wait was in vain.
func TestWhileRunning(t *testing.T) {
	p := newParts(t.Context())
	if err := p.whileRunning(broken); !errors.Is(err, errBroken) {
		t.Errorf("with all parts running: %v", err)
	}
	p.start(broken)
	if err := p.whileRunning(untilDone); !errors.Is(err, errBroken) {
		t.Errorf("after a part broke: %v", err)
	}
}

func TestStopDoesNotWaitForever(t *testing.T) {
	p := newParts(t.Context())
	release := make(chan struct{})
	defer close(release)
	p.start(func(context.Context) error { <-release; return nil })
	stopped := make(chan struct{})
	go func() { p.stop(time.Millisecond); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Error("stop waits for a part that does not end")
	}
}
