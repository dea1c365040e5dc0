package service

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLoopRetriesAndReportsEachFailureOnce(t *testing.T) {
	var log bytes.Buffer
	results := []error{errors.New("first"), errors.New("first"), errors.New("second"), nil, errors.New("second"), nil}
	ctx, cancel := context.WithCancel(t.Context())
	var l *loop
	runs := 0
	l = newLoop("work", slog.New(slog.NewTextHandler(&log, nil)), func(context.Context) error {
		err := results[runs]
		runs++
		switch {
		case runs == len(results):
			cancel()
		case err == nil:
			l.trigger()
		}
		return err
	})
	done := make(chan struct{})
	go func() { l.run(ctx); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("the loop does not end")
	}
	if runs != len(results) {
		t.Errorf("%d runs, want %d: failures are tried again", runs, len(results))
	}
	if first, second := strings.Count(log.String(), "first"), strings.Count(log.String(), "second"); first != 1 || second != 2 {
		t.Errorf("first reported %d times, want 1; second %d times, want 2, for it came back:\n%s", first, second, log.String())
	}
}

func TestLoopFoldsTriggersThatArriveWhileItIsBusy(t *testing.T) {
	runs := make(chan int, 10)
	busy, resume := make(chan struct{}), make(chan struct{})
	n := 0
	l := newLoop("work", slog.New(slog.DiscardHandler), func(context.Context) error {
		n++
		if n == 1 {
			close(busy)
			<-resume
		}
		runs <- n
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { l.run(ctx); close(done) }()
	<-busy
	for range 5 {
		l.trigger()
	}
	close(resume)
	<-runs
	<-runs
	cancel()
	<-done
	if n != 2 {
		t.Errorf("%d runs, want 2", n)
	}
}
