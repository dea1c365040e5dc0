package e2e

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// kubectl runs the built-in kubectl, with input if it is not empty, and fails the test if it fails.
func kubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, err := tryKubectl(t, input, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryKubectl(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sandboxtest.CommandTimeout)
	defer cancel()
	return box.Kubectl(ctx, input, args...)
}

// smm runs the command line on the sandbox's cluster, and fails the test if it fails.
func smm(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sandboxtest.CommandTimeout)
	defer cancel()
	out, err := box.SMM(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stream is a command that goes on in the background of a test.
type stream struct {
	out   io.Reader
	ended chan struct{}
	err   error // how it ended, once it has
}

// startKubectl starts the built-in kubectl, which ends with the test at the latest.
func startKubectl(t *testing.T, args ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sandboxtest.CommandTimeout)
	cmd := box.KubectlCommand(ctx, args...)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.SetReadDeadline(time.Now().Add(sandboxtest.CommandTimeout))
	cmd.Stdout, cmd.Stderr = writer, writer
	err = cmd.Start()
	writer.Close()
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{out: reader, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		s.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		cancel()
		<-s.ended
		reader.Close()
	})
	return s
}
