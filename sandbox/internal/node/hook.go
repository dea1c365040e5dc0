package node

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	httpprobe "k8s.io/kubernetes/pkg/probe/http"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// runHook runs what a container wants to be done after its start or before its end. It ends with ctx or
// with the container.
func runHook(ctx context.Context, hook *corev1.LifecycleHandler, spec *corev1.Container, c *container.Container, ip string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-c.Wait():
			cancel()
		case <-ctx.Done():
		}
	}()
	switch {
	case hook.Exec != nil:
		return execHook(ctx, hook.Exec.Command, c)
	case hook.HTTPGet != nil:
		return getHook(ctx, hook.HTTPGet, spec, ip)
	case hook.Sleep != nil:
		return sleep(ctx, time.Duration(hook.Sleep.Seconds)*time.Second)
	}
	return nil // a tcpSocket hook does nothing, as everywhere
}

func execHook(ctx context.Context, argv []string, c *container.Container) error {
	var output bytes.Buffer
	code, err := c.Exec(ctx, container.ExecSpec{Argv: argv, Streams: container.Streams{Stdout: &output, Stderr: &output}})
	if err != nil {
		return fmt.Errorf("command %q: %w", argv, err)
	}
	if code != 0 {
		text := bytes.TrimSpace(output.Bytes())
		return fmt.Errorf("command %q exited with %d: %s", argv, code, text[:min(len(text), maxMessage)])
	}
	return nil
}

// getHook sends a request. As with a kubelet, any answer will do.
func getHook(ctx context.Context, get *corev1.HTTPGetAction, spec *corev1.Container, ip string) error {
	request, err := httpprobe.NewRequestForHTTPGetAction(get, spec, ip, "lifecycle")
	if err != nil {
		return err
	}
	// A hook asks a container for its own, whatever certificate that has.
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true, Proxy: nil,
	}}
	answer, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func sleep(ctx context.Context, duration time.Duration) error {
	select {
	case <-time.After(duration):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
