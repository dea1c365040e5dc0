package controlplane

import (
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"time"
)

func TestListen(t *testing.T) {
	busy, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	taken := busy.Addr().(*net.TCPAddr).Port

	t.Run("the last port when it is free", func(t *testing.T) {
		first, err := listen(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		port := first.Addr().(*net.TCPAddr).Port
		first.Close()
		second, err := listen(0, port)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		if got := second.Addr().(*net.TCPAddr).Port; got != port {
			t.Errorf("listens on %d, want %d again", got, port)
		}
	})
	t.Run("another when the last is taken", func(t *testing.T) {
		listener, err := listen(0, taken)
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
	})
	t.Run("never another than asked for", func(t *testing.T) {
		if listener, err := listen(taken, 0); err == nil {
			listener.Close()
			t.Error("no error for a port that is taken")
		}
	})
}

// Whoever connects to any of the addresses reaches the one server, and closing it frees all of them.
func TestMerge(t *testing.T) {
	open := func() net.Listener {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	a, b := open(), open()
	m := merge(a, b)
	if m.Addr() != a.Addr() {
		t.Errorf("address %v, want that of the first listener, %v", m.Addr(), a.Addr())
	}
	for _, l := range []net.Listener{a, b} {
		dialled, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := m.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if conn.RemoteAddr().String() != dialled.LocalAddr().String() {
			t.Errorf("accepted %v, want %v", conn.RemoteAddr(), dialled.LocalAddr())
		}
		conn.Close()
		dialled.Close()
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	for _, l := range []net.Listener{a, b} {
		if conn, err := net.Dial("tcp4", l.Addr().String()); err == nil {
			conn.Close()
			t.Errorf("%v still accepts after Close", l.Addr())
		}
	}
}

func TestLastPort(t *testing.T) {
	files := Layout{Dir: t.TempDir()}
	config, err := Config{Dir: files.Dir}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if err := ensureCertificates(config, files, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := WriteKubeconfig(files.Kubeconfig(), "c1", "https://127.0.0.1:12345", files.CA().Cert, files.Admin()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{files.Kubeconfig(): 12345, filepath.Join(files.Dir, "none"): 0} {
		got, err := lastPort(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("lastPort(%s) = %d, want %d", path, got, want)
		}
	}
}

func netipAddr(t *testing.T, s string) netip.Addr {
	t.Helper()
	addr, err := netip.ParseAddr(s)
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
