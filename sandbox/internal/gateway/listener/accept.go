package listener

import (
	"errors"
	"net"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/gateway/stats"
)

// tlsInspector is the listener filter that finds out what a connection begins with.
const tlsInspector = "envoy.filters.listener.tls_inspector"

// acceptRetry is the pause after a connection could not be accepted, for want of file descriptors for instance.
const acceptRetry = 50 * time.Millisecond

// accept takes connections until the socket is closed.
func (l *listener) accept() {
	for {
		connection, err := l.socket.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			l.Log.Warn("a connection was not accepted", "address", l.address, "error", err)
			time.Sleep(acceptRetry)
			continue
		}
		go l.serve(l.counted(connection))
	}
}

func (l *listener) counted(connection net.Conn) net.Conn {
	l.Stats.Counter("listener", l.statName, "downstream_cx_total").Add(1)
	active := l.Stats.Gauge("listener", l.statName, "downstream_cx_active")
	active.Add(1)
	return stats.Count(connection, stats.Traffic{
		Read:    l.Stats.Counter("listener", l.statName, "downstream_cx_rx_bytes_total"),
		Written: l.Stats.Counter("listener", l.statName, "downstream_cx_tx_bytes_total"),
		Closed:  func() { active.Add(-1) },
	})
}

// serve hands a connection to the filter chain that is for it. One that none is for is closed, as Envoy does.
func (l *listener) serve(connection net.Conn) {
	var hello Hello
	if l.inspects() {
		var err error
		if connection, hello, err = inspect(connection); err != nil {
			connection.Close()
			return
		}
	}
	handler := l.handler(hello)
	if handler == nil {
		l.Stats.Counter("listener", l.statName, "no_filter_chain_match").Add(1)
		l.Log.Debug("no filter chain", "address", l.address, "server name", hello.ServerName, "protocols", hello.Protocols)
		connection.Close()
		return
	}
	handler.serve(connection, hello)
}
