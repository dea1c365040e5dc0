package serve

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Readiness tells whether the program can serve, and what it waits for if not.
type Readiness struct {
	mu      sync.Mutex
	waiting map[string]string
}

// NewReadiness returns a Readiness that waits for nothing.
func NewReadiness() *Readiness { return &Readiness{waiting: map[string]string{}} }

// NotReady notes that a part is not ready, and why.
func (r *Readiness) NotReady(part, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[part] = reason
}

// Ready notes that a part is ready.
func (r *Readiness) Ready(part string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, part)
}

// Reasons lists what is not ready; the program is ready when there are none.
func (r *Readiness) Reasons() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var reasons []string
	for _, part := range slices.Sorted(maps.Keys(r.waiting)) {
		reasons = append(reasons, part+": "+r.waiting[part])
	}
	return reasons
}

// ServeHTTP answers 200 when the program is ready and 503 with the reasons when it is not.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	reasons := r.Reasons()
	if len(reasons) > 0 {
		http.Error(w, strings.Join(reasons, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// serveHealth answers 200 as long as the program runs.
func serveHealth(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
