package proxy

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func addressOf(conn *net.UDPConn) netip.AddrPort { return conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// echoUDP is a backend that prefixes what it receives with its name.
func echoUDP(t *testing.T, word string) netip.AddrPort {
	conn := listenUDP(t)
	go func() {
		buffer := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(append([]byte(word+":"), buffer[:n]...), from)
		}
	}()
	return addressOf(conn)
}

type udpClient struct {
	t *testing.T
	*net.UDPConn
}

func newUDPClient(t *testing.T, to netip.AddrPort) udpClient {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return udpClient{t, conn}
}

func (c udpClient) ask(question string) string {
	c.t.Helper()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = c.Write([]byte(question))
	buffer := make([]byte, 2048)
	n, err := c.Read(buffer)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(buffer[:n])
}

func TestUDPClientsKeepTheirEndpointAndGetTheirOwnAnswers(t *testing.T) {
	p, vip := newProxy(t), freeAddress(t)
	a, b := echoUDP(t, "a"), echoUDP(t, "b")
	apply(t, p, frontend("udp", vip, a, b))
	first, second := newUDPClient(t, vip), newUDPClient(t, vip)
	for range 2 {
		if got := first.ask("1") + " " + second.ask("2"); got != "a:1 b:2" {
			t.Errorf("two clients got %q, want a:1 b:2", got)
		}
	}
	apply(t, p, frontend("udp", vip, b))
	if got := first.ask("3"); got != "b:3" {
		t.Errorf("after its endpoint vanished the client got %q, want b:3", got)
	}
}

func TestIdleUDPFlowsAreForgotten(t *testing.T) {
	backends := &balancer{}
	backends.update([]netip.AddrPort{echoUDP(t, "a")}, 0)
	f := newFlows(listenUDP(t), backends, 20*time.Millisecond)
	done := make(chan struct{})
	go func() { f.serve(t.Context()); close(done) }()
	newUDPClient(t, addressOf(f.front)).ask("1")

	for deadline := time.Now().Add(patience); ; {
		f.mu.Lock()
		left := len(f.byClient)
		f.mu.Unlock()
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d flows are left", left)
		}
		time.Sleep(time.Millisecond)
	}
	f.front.Close()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("serve does not end with its socket")
	}
}
