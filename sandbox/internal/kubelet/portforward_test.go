package kubelet_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"

	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func TestPortForward(t *testing.T) {
	n := startNode(t)
	n.start(nil, containertest.ActionListen, "8080")
	eventually(t, "the program listens", func() bool {
		_, text := n.logs("")
		return text == "ready\n"
	})
	transport, upgrader, err := spdy.RoundTripperFor(n.config())
	if err != nil {
		t.Fatal(err)
	}
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost,
		&url.URL{Scheme: "https", Host: n.address, Path: "/portForward/test/pod"})
	stop, ready := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.New(dialer, []string{"0:8080", "0:8081"}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- forwarder.ForwardPorts() }()
	<-ready
	ports, err := forwarder.GetPorts()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := readAll(t, ports[0].Local); got != "hello\n" {
			t.Errorf("got %q", got)
		}
	}
	if got := readAll(t, ports[1].Local); got != "" {
		t.Errorf("a closed port says %q", got)
	}
	close(stop)
	// The client may have given the session up because of the closed port.
	if err := <-done; err != nil && !errors.Is(err, portforward.ErrLostConnectionToPod) {
		t.Error(err)
	}
}

func readAll(t *testing.T, port uint16) string {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	content, _ := io.ReadAll(conn)
	return string(content)
}
