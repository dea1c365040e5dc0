package listener

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

const (
	readHeaderTimeout = 30 * time.Second
	retireTimeout     = time.Minute // for requests under way when a filter chain is replaced
)

// filterRouter is the one HTTP filter that is in effect here.
const filterRouter = "envoy.filters.http.router"

// httpServer serves the connections of a filter chain that speaks HTTP/1 or HTTP/2.
type httpServer struct {
	server      *http.Server
	connections *handover
}

func newHTTPServer(manager *hcmv3.HttpConnectionManager, where string, surroundings Surroundings) *httpServer {
	for _, filter := range manager.GetHttpFilters() {
		if filter.GetName() != filterRouter {
			surroundings.Notes.Missing("the HTTP filter "+filter.GetName(), where)
		}
	}
	routes := func() *routev3.RouteConfiguration { return manager.GetRouteConfig() }
	if name := manager.GetRds().GetRouteConfigName(); name != "" {
		routes = func() *routev3.RouteConfiguration { return surroundings.Routes.Get(name) }
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	errors := slog.NewLogLogger(surroundings.Log.Handler(), slog.LevelDebug)
	h := &httpServer{connections: newHandover(), server: &http.Server{
		Handler:   &router{Surroundings: surroundings, routes: routes},
		Protocols: &protocols, ReadHeaderTimeout: readHeaderTimeout, ErrorLog: errors,
	}}
	go func() { _ = h.server.Serve(h.connections) }() // ends when it is retired
	return h
}

func (h *httpServer) serve(connection net.Conn) { h.connections.hand(connection) }

// retire closes connections as soon as their requests are answered.
func (h *httpServer) retire() {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), retireTimeout)
		defer cancel()
		if h.server.Shutdown(ctx) != nil {
			h.server.Close()
		}
	}()
}

// handover is a listener of connections that were accepted elsewhere.
type handover struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newHandover() *handover {
	return &handover{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (h *handover) hand(connection net.Conn) {
	select {
	case h.connections <- connection:
	case <-h.closed:
		connection.Close()
	}
}

// Accept waits for the next connection.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case connection := <-h.connections:
		return connection, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is no real address: the connections have come from elsewhere.
func (h *handover) Addr() net.Addr { return &net.UnixAddr{Name: "filter chain", Net: "unix"} }
