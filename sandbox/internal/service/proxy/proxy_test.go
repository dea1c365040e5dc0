package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const patience = 5 * time.Second

// listenTCP starts a backend that hands each connection to serve, and returns its address.
func listenTCP(t *testing.T, serve func(*net.TCPConn)) netip.AddrPort {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// says is a backend that tells its name and hangs up.
func says(word string) func(*net.TCPConn) {
	return func(conn *net.TCPConn) { _, _ = io.WriteString(conn, word); conn.Close() }
}

// lastHost makes every address of freeAddress a different one.
var lastHost atomic.Uint32

// freeAddress returns an address of 127.0.77.0/24 that nobody listens on.
func freeAddress(t *testing.T) netip.AddrPort {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 77, byte(lastHost.Add(1)))})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

func newProxy(t *testing.T) *Proxy {
	p := New()
	t.Cleanup(p.Close)
	return p
}

func frontend(network string, address netip.AddrPort, endpoints ...netip.AddrPort) Frontend {
	return Frontend{Service: name("shop", "web"), Network: network, Addresses: []netip.AddrPort{address}, Endpoints: endpoints}
}

func apply(t *testing.T, p *Proxy, frontends ...Frontend) {
	t.Helper()
	if err := p.Apply(frontends); err != nil {
		t.Fatal(err)
	}
}

func dialTest(t *testing.T, address netip.AddrPort) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address.String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn)
}

func ask(t *testing.T, address netip.AddrPort) string {
	t.Helper()
	answer, err := io.ReadAll(dialTest(t, address))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestConnectionsGoToTheEndpointsInTurnAndPastDeadOnes(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	a, b, dead := listenTCP(t, says("a")), listenTCP(t, says("b")), freeAddress(t)
	apply(t, p, frontend("tcp", vip, a, b))
	if got := ask(t, vip) + ask(t, vip) + ask(t, vip) + ask(t, vip); got != "abab" {
		t.Errorf("four connections reached %q, want abab", got)
	}
	apply(t, p, frontend("tcp", vip, dead, b))
	if got := ask(t, vip) + ask(t, vip); got != "bb" {
		t.Errorf("with a dead endpoint, connections reached %q, want bb", got)
	}
}

func TestWithoutEndpointsConnectionsAreRefused(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	backend := listenTCP(t, says("a"))
	apply(t, p, frontend("tcp", vip, backend))
	ask(t, vip)
	apply(t, p)
	if _, err := net.DialTimeout("tcp", vip.String(), patience); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting to a service without endpoints: %v, want connection refused", err)
	}
	apply(t, p, frontend("tcp", vip, backend))
	if got := ask(t, vip); got != "a" {
		t.Errorf("after the endpoint came back the answer is %q", got)
	}
}

func TestWhenNoEndpointAnswersTheConnectionIsReset(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	apply(t, p, frontend("tcp", vip, freeAddress(t)))
	conn, err := net.DialTimeout("tcp", vip.String(), patience)
	if err == nil { // the reset may arrive before connecting returns, or after
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, err = io.ReadAll(conn)
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("error %v, want connection reset", err)
	}
}

func TestHalfClosePassesThrough(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	backend := listenTCP(t, func(conn *net.TCPConn) {
		request, _ := io.ReadAll(conn) // ends only if the client's end of sending arrives
		_, _ = io.WriteString(conn, "got "+string(request))
		conn.Close()
	})
	apply(t, p, frontend("tcp", vip, backend))
	conn := dialTest(t, vip)
	_, _ = io.WriteString(conn, "question")
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || string(answer) != "got question" {
		t.Errorf("answer after half-close: %q, %v", answer, err)
	}
}

func TestLargeStreamsArriveWholeInBothDirections(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	payload := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
	backend := listenTCP(t, func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn); conn.Close() })
	apply(t, p, frontend("tcp", vip, backend))
	conn := dialTest(t, vip)
	go func() { _, _ = conn.Write(payload); _ = conn.CloseWrite() }()
	if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, payload) {
		t.Errorf("echo of %d bytes returned %d bytes, equal %t, error %v", len(payload), len(got), bytes.Equal(got, payload), err)
	}
}

func TestAResetIsPassedOnAsAReset(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	backend := listenTCP(t, func(conn *net.TCPConn) {
		_, _ = io.ReadFull(conn, make([]byte, 1))
		reset(conn)
	})
	apply(t, p, frontend("tcp", vip, backend))
	conn := dialTest(t, vip)
	_, _ = io.WriteString(conn, "x")
	if _, err := io.ReadAll(conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after the endpoint's reset: %v, want connection reset", err)
	}
}

func TestEstablishedConnectionsOutliveTheirFrontend(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	backend := listenTCP(t, func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn); conn.Close() })
	apply(t, p, frontend("tcp", vip, backend))
	conn := dialTest(t, vip)
	echo := func(word string) {
		t.Helper()
		_, _ = io.WriteString(conn, word)
		got := make([]byte, len(word))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != word {
			t.Fatalf("echo of %q: %q, %v", word, got, err)
		}
	}
	echo("before")
	apply(t, p)
	echo("after")
	p.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("connection survives the end of the proxy")
	}
}

func TestAffinityHoldsAClientAtOneEndpoint(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	sticky := frontend("tcp", vip, listenTCP(t, says("a")), listenTCP(t, says("b")))
	sticky.Affinity = time.Minute
	apply(t, p, sticky)
	if got := ask(t, vip) + ask(t, vip) + ask(t, vip); got != strings.Repeat(got[:1], 3) {
		t.Errorf("three connections of one client reached %q", got)
	}
}

func TestAListenFailureIsReportedAndTriedAgain(t *testing.T) {
	p := newProxy(t)
	taken, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 78)})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	vip, free := taken.Addr().(*net.TCPAddr).AddrPort(), freeAddress(t)
	wanted := frontend("tcp", vip, listenTCP(t, says("a")))
	wanted.Addresses = append(wanted.Addresses, free)
	for range 2 {
		if err := p.Apply([]Frontend{wanted}); err == nil || !strings.Contains(err.Error(), vip.String()) {
			t.Fatalf("Apply on a taken address: %v", err)
		}
		if got := ask(t, free); got != "a" {
			t.Errorf("the other address answers %q", got)
		}
	}
	taken.Close()
	apply(t, p, wanted)
	if got := ask(t, vip); got != "a" {
		t.Errorf("after the address was freed the answer is %q", got)
	}
}
