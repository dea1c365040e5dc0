package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	kubeprobe "k8s.io/kubernetes/pkg/probe"
	grpcprobe "k8s.io/kubernetes/pkg/probe/grpc"
	httpprobe "k8s.io/kubernetes/pkg/probe/http"
	tcpprobe "k8s.io/kubernetes/pkg/probe/tcp"
)

// Target is a container to check.
type Target struct {
	Container *corev1.Container
	// IP is the address of its pod.
	IP string
	// Exec runs a command in the container and returns its exit code.
	Exec func(ctx context.Context, argv []string, output io.Writer) (int, error)
}

// Checker tries probes.
type Checker struct {
	http httpprobe.Prober
	tcp  tcpprobe.Prober
	grpc grpcprobe.Prober
}

// NewChecker returns a Checker that tries probes from this process's network.
func NewChecker() *Checker {
	return &Checker{http: httpprobe.New(false), tcp: tcpprobe.New(), grpc: grpcprobe.New()}
}

// Check tries a probe once. An error says why it failed.
func (c *Checker) Check(ctx context.Context, spec *corev1.Probe, target Target) error {
	timeout := time.Duration(max(spec.TimeoutSeconds, 1)) * time.Second
	switch {
	case spec.HTTPGet != nil:
		request, err := httpprobe.NewRequestForHTTPGetAction(spec.HTTPGet, target.Container, target.IP, "probe")
		if err != nil {
			return err
		}
		return verdict(c.http.Probe(request.WithContext(ctx), timeout))
	case spec.TCPSocket != nil:
		port, err := kubeprobe.ResolveContainerPort(spec.TCPSocket.Port, target.Container)
		if err != nil {
			return err
		}
		host := spec.TCPSocket.Host
		if host == "" {
			host = target.IP
		}
		return verdict(c.tcp.Probe(host, port, timeout))
	case spec.GRPC != nil:
		service := ""
		if spec.GRPC.Service != nil {
			service = *spec.GRPC.Service
		}
		return verdict(c.grpc.Probe(target.IP, service, int(spec.GRPC.Port), timeout))
	case spec.Exec != nil:
		return execute(ctx, spec.Exec.Command, timeout, target)
	}
	return errors.New("the probe names nothing to try")
}

func verdict(result kubeprobe.Result, output string, err error) error {
	switch {
	case err != nil:
		return err
	case result == kubeprobe.Success || result == kubeprobe.Warning:
		return nil
	}
	return errors.New(output)
}

// maxOutput is how much a command's output may say about its failure.
const maxOutput = 1024

func execute(ctx context.Context, argv []string, timeout time.Duration, target Target) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	output := &limited{}
	code, err := target.Exec(ctx, argv, output)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("command timed out: %q timed out after %v", argv, timeout)
	case err != nil:
		return err
	case code != 0:
		return fmt.Errorf("exit code %d: %s", code, bytes.TrimSpace(output.data))
	}
	return nil
}

// limited keeps the beginning of what is written to it.
type limited struct{ data []byte }

func (l *limited) Write(p []byte) (int, error) {
	room := maxOutput - len(l.data)
	l.data = append(l.data, p[:min(room, len(p))]...)
	return len(p), nil
}
