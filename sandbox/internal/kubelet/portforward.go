package kubelet

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"k8s.io/cri-streaming/pkg/streaming/portforward"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

func (s *server) portForward(w http.ResponseWriter, r *http.Request) {
	pod, err := s.pod(r)
	if err != nil {
		writeError(w, err)
		return
	}
	running, ok := s.Runtime.Pod(string(pod.UID))
	if !ok {
		writeError(w, notFound("pod %q does not run", pod.Name))
		return
	}
	options, err := portforward.NewV4Options(r)
	if err != nil {
		writeError(w, badRequest("%v", err))
		return
	}
	portforward.ServePortForward(w, r, forwarder{running}, pod.Name, string(pod.UID), options, idleTimeout, creationTimeout,
		portforward.SupportedProtocols)
}

// forwarder connects streams with ports of a pod.
type forwarder struct {
	pod *container.Pod
}

// PortForward implements portforward.PortForwarder. It ends when both directions do, or with the client's session.
func (f forwarder) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	conn, err := f.pod.Dial(ctx, "tcp", int(port))
	if err != nil {
		return fmt.Errorf("forward port %d: %w", port, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		// An error means that the pod's end or the client is gone, which the other direction learns too.
		_, _ = io.Copy(conn, stream)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(stream, conn)
	stream.Close()
	select {
	case <-sent:
	case <-ctx.Done():
	}
	return err
}
