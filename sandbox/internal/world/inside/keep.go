//go:build linux

package inside

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	firstPause = 200 * time.Millisecond
	longPause  = 10 * time.Second
	// provenRun is how long something must run before its next failure counts as the first again.
	provenRun = time.Minute
)

var errEnded = errors.New("it ended without being asked to")

// keep runs something again and again until ctx ends, with growing pauses while it keeps failing.
func keep(ctx context.Context, log *slog.Logger, name string, run func(context.Context) error) {
	pause := firstPause
	for {
		started := time.Now()
		err := run(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errEnded
		}
		pause = nextPause(pause, time.Since(started))
		log.Error("starting "+name+" again", "after", pause, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func nextPause(last, ran time.Duration) time.Duration {
	if ran > provenRun {
		return firstPause
	}
	return min(2*last, longPause)
}
