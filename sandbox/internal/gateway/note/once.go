// Package note tells what the stand-in does not do, once for each such thing.
package note

import (
	"log/slog"
	"sync"
)

// Log is where it is told.
type Log struct {
	log *slog.Logger

	mu   sync.Mutex
	told map[string]bool
}

// New tells it to a log.
func New(log *slog.Logger) *Log { return &Log{log: log, told: map[string]bool{}} }

// Missing tells that something which is configured is not in effect, and where it was met first.
func (l *Log) Missing(what, where string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.told[what] {
		l.told[what] = true
		l.log.Warn("this stand-in for Envoy does not have "+what, "configured in", where)
	}
}
