package kubelet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

// stream runs a streaming request as the API server does.
func (n *node) stream(path string, query url.Values, options remotecommand.StreamOptions) error {
	n.t.Helper()
	for name, wanted := range map[string]bool{
		"input": options.Stdin != nil, "output": options.Stdout != nil, "error": options.Stderr != nil, "tty": options.Tty,
	} {
		if wanted {
			query.Set(name, "1")
		}
	}
	target := &url.URL{Scheme: "https", Host: n.address, Path: path, RawQuery: query.Encode()}
	executor, err := remotecommand.NewSPDYExecutor(n.config(), http.MethodPost, target)
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(n.t.Context(), deadline)
	defer cancel()
	return executor.StreamWithContext(ctx, options)
}

func (n *node) exec(options remotecommand.StreamOptions, args ...string) error {
	n.t.Helper()
	command := slices.Concat(containertest.Image().Entrypoint, args)
	return n.stream("/exec/test/pod/main", url.Values{"command": command}, options)
}

func TestExec(t *testing.T) {
	n := startNode(t)
	n.start(nil, containertest.ActionSleep)
	for _, test := range []struct {
		args                  []string
		stdin, stdout, stderr string
		code                  int
	}{
		{args: []string{containertest.ActionEcho}, stdin: "one\ntwo", stdout: "one\ntwo"},
		{args: []string{containertest.ActionPrint, "stderr", "words"}, stderr: "words"},
		{args: []string{containertest.ActionExit, "42"}, code: 42},
	} {
		var stdout, stderr bytes.Buffer
		err := n.exec(remotecommand.StreamOptions{Stdin: strings.NewReader(test.stdin), Stdout: &stdout, Stderr: &stderr}, test.args...)
		var exit utilexec.CodeExitError
		if code := 0; errors.As(err, &exit) {
			code = exit.Code
			if code != test.code {
				t.Errorf("%v: code %d", test.args, code)
			}
		} else if err != nil || test.code != 0 {
			t.Errorf("%v: %v", test.args, err)
		}
		if stdout.String() != test.stdout || stderr.String() != test.stderr {
			t.Errorf("%v: stdout %q, stderr %q", test.args, stdout.String(), stderr.String())
		}
	}
}

func TestExecFails(t *testing.T) {
	n := startNode(t)
	streams := remotecommand.StreamOptions{Stdout: io.Discard}
	if err := n.exec(streams, containertest.ActionExit, "0"); err == nil || !strings.Contains(err.Error(), `container not found ("main")`) {
		t.Errorf("before the start: %v", err)
	}
	n.start(nil, containertest.ActionSleep)
	for path, want := range map[string]string{
		"/exec/test/none/main":        `pod "none" does not exist`,
		"/exec/test/pod/other":        `container not found ("other")`,
		"/exec/test/pod/uid-2/main":   `pod "pod" does not exist`,
		"/exec/test/pod/uid-1/main":   `"sh": executable file not found in $PATH`,
		"/attach/test/pod/none":       `container not found ("none")`,
		"/portForward/test/none":      `pod "none" does not exist`,
		"/portForward/test/pod/uid-2": `pod "pod" does not exist`,
	} {
		err := n.stream(path, url.Values{"command": {"sh"}}, streams)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want … %s …", path, err, want)
		}
	}
	if err := n.stream("/exec/test/pod/main", url.Values{"command": {"sh"}}, remotecommand.StreamOptions{}); err == nil || !strings.Contains(err.Error(), "at least 1 of stdin, stdout, stderr") {
		t.Errorf("without streams: %v", err)
	}
}

// sizes is a terminal that keeps one size.
type sizes chan remotecommand.TerminalSize

func (s sizes) Next() *remotecommand.TerminalSize {
	size, ok := <-s
	if !ok {
		return nil
	}
	return &size
}

// askSize types lines until the program answers with the wanted size.
func askSize(t *testing.T, typed io.Writer, screen *buffer, want string) {
	eventually(t, want, func() bool {
		fmt.Fprint(typed, "?\r")
		return strings.Contains(screen.String(), want)
	})
}

func TestExecTerminal(t *testing.T) {
	n := startNode(t)
	n.start(nil, containertest.ActionSleep)
	stdin, typed := io.Pipe()
	screen, terminal := &buffer{}, make(sizes, 1)
	defer close(terminal)
	go func() {
		terminal <- remotecommand.TerminalSize{Width: 132, Height: 50}
		askSize(t, typed, screen, "132 columns, 50 rows")
		fmt.Fprint(typed, "\x04") // end of input
	}()
	err := n.exec(remotecommand.StreamOptions{Stdin: stdin, Stdout: screen, Tty: true, TerminalSizeQueue: terminal}, containertest.ActionTerminal)
	if err != nil {
		t.Errorf("%v: %s", err, screen)
	}
}

func TestAttach(t *testing.T) {
	n := startNode(t)
	n.start(func(s *container.Spec) { s.Stdin, s.StdinOnce = true, true }, containertest.ActionEcho)
	var stdout bytes.Buffer
	err := n.stream("/attach/test/pod/main", url.Values{}, remotecommand.StreamOptions{Stdin: strings.NewReader("through"), Stdout: &stdout})
	if err != nil || stdout.String() != "through" {
		t.Errorf("%q, %v", stdout.String(), err)
	}
}

func TestRun(t *testing.T) {
	n := startNode(t)
	n.start(nil, containertest.ActionSleep)
	program := containertest.Image().Entrypoint[0]
	for command, want := range map[string]struct {
		code int
		text string
	}{
		program + " " + containertest.ActionPrint + " stdout words": {200, "words"},
		program + " " + containertest.ActionExit + " 3":             {500, "command terminated with exit code 3: \n"},
	} {
		code, text := answer(t, must(n.request(http.MethodPost, "/run/test/pod/main?cmd="+url.QueryEscape(command), nil)))
		if code != want.code || text != want.text {
			t.Errorf("%s: %d %q", command, code, text)
		}
	}
}
