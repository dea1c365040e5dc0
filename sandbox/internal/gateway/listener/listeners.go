// Package listener takes connections and finds out what each is for.
package listener

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/proto"

	"github.com/meshmanager/smm/sandbox/internal/gateway/note"
	"github.com/meshmanager/smm/sandbox/internal/gateway/route"
	"github.com/meshmanager/smm/sandbox/internal/gateway/stats"
	"github.com/meshmanager/smm/sandbox/internal/gateway/upstream"
)

// Surroundings are what listeners need.
type Surroundings struct {
	Clusters   *upstream.Clusters
	Transports *upstream.Transports
	Routes     *route.Table
	Stats      *stats.Registry
	Notes      *note.Log
	Log        *slog.Logger
}

// Listeners are all sockets that the gateway listens on.
type Listeners struct {
	Surroundings

	mu         sync.Mutex
	static     map[string]*listener
	discovered map[string]*listener
	draining   bool
}

// New opens those of the bootstrap.
func New(static []*listenerv3.Listener, surroundings Surroundings) (*Listeners, error) {
	l := &Listeners{Surroundings: surroundings, static: map[string]*listener{}, discovered: map[string]*listener{}}
	for _, config := range static {
		opened, err := l.open(config)
		if err != nil {
			l.Close()
			return nil, err
		}
		l.static[config.GetName()] = opened
	}
	return l, nil
}

// Set replaces the discovered listeners. Connections of those that stay go on. It returns the names of the routes that
// they refer to, and what could not be opened as an error.
func (l *Listeners) Set(configs []*listenerv3.Listener) (routes []string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	wanted := map[string]*listenerv3.Listener{}
	for _, config := range configs {
		wanted[config.GetName()] = config
		routes = append(routes, routesOf(config)...)
	}
	for name, open := range l.discovered {
		if config := wanted[name]; config == nil || addressOf(config) != open.address {
			open.close()
			delete(l.discovered, name)
		}
	}
	var failures []error
	for name, config := range wanted {
		if open := l.discovered[name]; open != nil {
			open.configure(config)
			continue
		}
		if l.draining {
			continue
		}
		opened, err := l.open(config)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		l.discovered[name] = opened
	}
	return routes, errors.Join(failures...)
}

// Drain takes no more new connections after a time. The listeners of the bootstrap stay, so that the agent is answered.
func (l *Listeners) Drain(after time.Duration) {
	time.AfterFunc(after, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.draining = true
		for name, open := range l.discovered {
			open.close()
			delete(l.discovered, name)
		}
	})
}

// Close closes all listeners, not their connections.
func (l *Listeners) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, all := range []map[string]*listener{l.static, l.discovered} {
		for name, open := range all {
			open.close()
			delete(all, name)
		}
	}
}

// addressOf is where a listener listens, "" when that is no TCP socket.
func addressOf(config *listenerv3.Listener) string {
	socket := config.GetAddress().GetSocketAddress()
	if socket == nil || socket.GetProtocol() != corev3.SocketAddress_TCP {
		return ""
	}
	return net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue())))
}

// listener is one socket.
type listener struct {
	*Listeners

	address  string
	statName string
	socket   net.Listener // nil when there is none

	mu     sync.Mutex
	config *listenerv3.Listener
	chains map[*listenerv3.FilterChain]*chainHandler
}

// open listens. What a stand-in cannot listen on is told and left out.
func (l *Listeners) open(config *listenerv3.Listener) (*listener, error) {
	address := addressOf(config)
	opened := &listener{Listeners: l, address: address, statName: strings.ReplaceAll(address, ":", "_")}
	opened.configure(config)
	if address == "" {
		l.Notes.Missing("listeners on anything but TCP", config.GetName())
		return opened, nil
	}
	for _, further := range config.GetAdditionalAddresses() {
		l.Notes.Missing("further addresses of listeners", further.GetAddress().String())
	}
	socket, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listener %s: %w", config.GetName(), err)
	}
	l.Log.Info("listening", "listener", config.GetName(), "address", address)
	opened.socket = socket
	go opened.accept()
	return opened, nil
}

// configure changes what new connections are for.
func (l *listener) configure(config *listenerv3.Listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if proto.Equal(l.config, config) {
		return
	}
	old := l.chains
	l.config, l.chains = config, map[*listenerv3.FilterChain]*chainHandler{}
	for _, handler := range old {
		handler.retire()
	}
}

// handler returns what handles connections of a filter chain.
func (l *listener) handler(hello Hello) *chainHandler {
	l.mu.Lock()
	defer l.mu.Unlock()
	chain := Choose(l.config, hello)
	if chain == nil {
		return nil
	}
	if l.chains[chain] == nil {
		l.chains[chain] = newChainHandler(chain, l.config.GetName(), l.Surroundings)
	}
	return l.chains[chain]
}

func (l *listener) inspects() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, filter := range l.config.GetListenerFilters() {
		if filter.GetName() == tlsInspector {
			return true
		}
	}
	return false
}

func (l *listener) close() {
	if l.socket != nil {
		l.socket.Close()
		l.Log.Info("not listening any more", "address", l.address)
	}
	l.configure(nil)
}
