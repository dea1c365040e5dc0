//go:build linux

package inside

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

func TestNextPause(t *testing.T) {
	for name, test := range map[string]struct{ last, ran, want time.Duration }{
		"grows":               {firstPause, time.Second, 2 * firstPause},
		"not forever":         {longPause, time.Second, longPause},
		"a good run forgives": {longPause, 2 * provenRun, firstPause},
	} {
		if got := nextPause(test.last, test.ran); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestKeepRunsUntilTheEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	runs := 0
	keep(ctx, slog.New(slog.DiscardHandler), "it", func(context.Context) error {
		if runs++; runs == 3 {
			cancel()
		}
		return errors.New("broken")
	})
	if runs != 3 {
		t.Errorf("ran %d times, want 3: twice after failures, and no more after the end", runs)
	}
}
