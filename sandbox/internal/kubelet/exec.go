package kubelet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// Times of streaming connections, those of a kubelet.
const (
	idleTimeout     = 4 * time.Hour
	creationTimeout = 30 * time.Second
	runTimeout      = time.Minute
)

func (s *server) exec(w http.ResponseWriter, r *http.Request) {
	c, options, err := s.session(r)
	if err != nil {
		writeError(w, err)
		return
	}
	remotecommand.ServeExec(w, r, session{c}, "", "", "", r.URL.Query()["command"], options, idleTimeout, creationTimeout,
		remotecommand.SupportedStreamingProtocols)
}

func (s *server) attach(w http.ResponseWriter, r *http.Request) {
	c, options, err := s.session(r)
	if err != nil {
		writeError(w, err)
		return
	}
	remotecommand.ServeAttach(w, r, session{c}, "", "", "", options, idleTimeout, creationTimeout,
		remotecommand.SupportedStreamingProtocols)
}

// session finds the container and the streams that a request is about.
func (s *server) session(r *http.Request) (*container.Container, *remotecommand.Options, error) {
	c, err := s.container(r)
	if err != nil {
		return nil, nil, err
	}
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		return nil, nil, badRequest("%v", err)
	}
	return c, options, nil
}

// run executes a command and answers with its output.
func (s *server) run(w http.ResponseWriter, r *http.Request) {
	c, err := s.container(r)
	if err != nil {
		writeError(w, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), runTimeout)
	defer cancel()
	var output bytes.Buffer
	code, err := c.Exec(ctx, container.ExecSpec{
		Argv:    strings.Split(r.URL.Query().Get("cmd"), " "),
		Streams: container.Streams{Stdout: &output, Stderr: &output},
	})
	if err == nil && code != 0 {
		err = exitError(code)
	}
	if err != nil {
		writeError(w, fmt.Errorf("%w: %s", err, output.String()))
		return
	}
	_, _ = w.Write(output.Bytes()) // a client that is gone needs no answer
}

// session connects the streams of a request with a container.
type session struct {
	container *container.Container
}

// ExecInContainer implements remotecommand.Executor.
func (s session) ExecInContainer(ctx context.Context, _, _, _ string, command []string, stdin io.Reader, stdout, stderr io.WriteCloser,
	tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	code, err := s.container.Exec(ctx, container.ExecSpec{Argv: command, TTY: tty, Streams: streams(ctx, stdin, stdout, stderr, resize)})
	if err == nil && code != 0 {
		return exitError(code)
	}
	return err
}

// AttachContainer implements remotecommand.Attacher.
func (s session) AttachContainer(ctx context.Context, _, _, _ string, stdin io.Reader, stdout, stderr io.WriteCloser,
	_ bool, resize <-chan remotecommand.TerminalSize) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return s.container.Attach(ctx, streams(ctx, stdin, stdout, stderr, resize))
}

func exitError(code int) error {
	return utilexec.CodeExitError{Err: fmt.Errorf("command terminated with exit code %d", code), Code: code}
}

func streams(ctx context.Context, stdin io.Reader, stdout, stderr io.WriteCloser, resize <-chan remotecommand.TerminalSize) container.Streams {
	s := container.Streams{Stdin: stdin}
	// A stream that is not wanted is a nil interface of another type.
	if stdout != nil {
		s.Stdout = stdout
	}
	if stderr != nil {
		s.Stderr = stderr
	}
	if resize != nil {
		sizes := make(chan container.Size)
		go forwardSizes(ctx, resize, sizes)
		s.Resize = sizes
	}
	return s
}

func forwardSizes(ctx context.Context, from <-chan remotecommand.TerminalSize, to chan<- container.Size) {
	for {
		select {
		case size, ok := <-from:
			if !ok {
				return
			}
			select {
			case to <- container.Size{Width: size.Width, Height: size.Height}:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
