// Package route decides which cluster an HTTP request goes to.
package route

import (
	"sync"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// Table are the route configurations that are known.
type Table struct {
	mu      sync.RWMutex
	configs map[string]*routev3.RouteConfiguration
}

// NewTable returns an empty one.
func NewTable() *Table { return &Table{configs: map[string]*routev3.RouteConfiguration{}} }

// Set takes over configurations that have changed.
func (t *Table) Set(changed []*routev3.RouteConfiguration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, config := range changed {
		t.configs[config.GetName()] = config
	}
}

// Get finds a configuration; nil if there is none of that name yet.
func (t *Table) Get(name string) *routev3.RouteConfiguration {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.configs[name]
}
