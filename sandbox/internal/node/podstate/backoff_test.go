package podstate

import (
	"testing"
	"time"
)

// A container that ends at once, again and again, waits longer and longer, up to five minutes.
func TestBackoffGrows(t *testing.T) {
	var b Backoff
	ended := now
	for restart, want := range []time.Duration{0, 10, 20, 40, 80, 160, 300, 300} {
		until := b.Until(ended)
		if got := until.Sub(ended); got != want*time.Second {
			t.Errorf("restart %d waits %v, want %v", restart, got, want*time.Second)
		}
		b = b.Restarted(ended, until)
		ended = until
	}
}

// Ten minutes of running earn an immediate restart, and the growth begins anew.
func TestBackoffForgets(t *testing.T) {
	b := Backoff{delay: maxDelay, renewed: now}
	ended := now.Add(11 * time.Minute)
	if got := b.Until(ended); !got.Equal(ended) {
		t.Errorf("restart waits %v", got.Sub(ended))
	}
	if got := b.Restarted(ended, ended).Delay(); got != firstDelay {
		t.Errorf("delay after it is %v, want %v", got, firstDelay)
	}
}
