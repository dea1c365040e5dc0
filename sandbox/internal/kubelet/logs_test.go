package kubelet_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func (n *node) logs(query string) (int, string) {
	n.t.Helper()
	return n.get("/containerLogs/test/pod/main?" + query)
}

func TestLogs(t *testing.T) {
	n := startNode(t)
	if code, text := n.logs(""); code != http.StatusBadRequest || text != "container \"main\" in pod \"pod\" is waiting to start: ContainerCreating\n" {
		t.Errorf("before the start: %d %s", code, text)
	}
	n.run(containertest.ActionLines, "3", "2")
	past, future := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for _, test := range []struct{ query, want string }{
		{"", "00\n01\n02\n"},
		{"tailLines=2", "01\n02\n"},
		{"tailLines=0", ""},
		{"limitBytes=4", "00\n0"},
		{"sinceSeconds=60", "00\n01\n02\n"},
		{"sinceTime=" + url.QueryEscape(past), "00\n01\n02\n"},
		{"sinceTime=" + url.QueryEscape(future), ""},
		{"follow=true", "00\n01\n02\n"},
		{"stream=Stdout", "00\n01\n02\n"},
		{"stream=Stderr", ""},
	} {
		if code, text := n.logs(test.query); code != http.StatusOK || text != test.want {
			t.Errorf("%q: %d %q, want %q", test.query, code, text, test.want)
		}
	}
	if _, text := n.logs("timestamps=true"); !regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 0\d\n){3}$`).MatchString(text) {
		t.Errorf("timestamps: %q", text)
	}

	if code, text := n.logs("previous=true"); code != http.StatusBadRequest || text != "previous terminated container \"main\" in pod \"pod\" not found\n" {
		t.Errorf("no previous: %d %s", code, text)
	}
	n.run(containertest.ActionPrint, "stderr", "no newline")
	for query, want := range map[string]string{"": "no newline", "previous=true": "00\n01\n02\n", "stream=Stderr": "no newline"} {
		if code, text := n.logs(query); code != http.StatusOK || text != want {
			t.Errorf("second attempt, %q: %d %q, want %q", query, code, text, want)
		}
	}
	// Logs outlive the pod's processes.
	if err := n.pod.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, text := n.logs(""); text != "no newline" {
		t.Errorf("after the pod stopped: %q", text)
	}
}

func TestLogsOfWhatIsNotThere(t *testing.T) {
	n := startNode(t)
	for path, want := range map[string]struct {
		code int
		text string
	}{
		"/containerLogs/test/none/main":              {404, `pod "none" does not exist`},
		"/containerLogs/other/pod/main":              {404, `pod "pod" does not exist`},
		"/containerLogs/test/pod/none":               {404, `container "none" not found in pod "pod"`},
		"/containerLogs/test/pod/before":             {400, `container "before" in pod "pod" is waiting to start: ContainerCreating`},
		"/containerLogs/test/pod/other":              {400, `container "other" in pod "pod" is waiting to start: ErrImageNeverPull`},
		"/containerLogs/test/pod/main?tailLines=two": {400, `Unable to decode query`},
	} {
		if code, text := n.get(path); code != want.code || !strings.HasPrefix(text, want.text) {
			t.Errorf("%s: %d %s, want %d %s", path, code, text, want.code, want.text)
		}
	}
}

// A follower gets each line before the next one is written, and the end with the container's.
func TestFollow(t *testing.T) {
	n := startNode(t)
	c := n.start(func(s *container.Spec) { s.Stdin, s.StdinOnce = true, true }, containertest.ActionEcho)
	input, lines := followed(t, n, c)
	for _, line := range []string{"one", "two", "three"} {
		input <- line
		select {
		case got := <-lines:
			if got != line {
				t.Errorf("%q, want %q", got, line)
			}
		case <-time.After(deadline):
			t.Fatalf("%q does not come", line)
		}
	}
	close(input)
	if got, more := <-lines; more {
		t.Errorf("%q after the end", got)
	}
}

// followed writes the lines of input to the container and returns those that a follower reads.
func followed(t *testing.T, n *node, c *container.Container) (chan<- string, <-chan string) {
	t.Helper()
	input, lines := make(chan string), make(chan string)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	go func() {
		_ = c.Attach(ctx, container.Streams{Stdin: &lineReader{lines: input}}) // ends with the container or the test
	}()
	response := must(n.request(http.MethodGet, "/containerLogs/test/pod/main?follow=true", nil))
	t.Cleanup(func() { response.Body.Close() })
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return input, lines
}

// lineReader reads what is sent to a channel, a line each.
type lineReader struct {
	lines <-chan string
	rest  strings.Reader
}

func (r *lineReader) Read(p []byte) (int, error) {
	if r.rest.Len() == 0 {
		if line, ok := <-r.lines; ok {
			r.rest.Reset(line + "\n")
		}
	}
	return r.rest.Read(p)
}

// A log that was rotated while nobody looked is read from where it began again, and followed into the next file.
func TestFollowAcrossRotation(t *testing.T) {
	n := startNode(t)
	const count, width = 300, 60000 // more than the 10 MiB of one file
	n.start(nil, containertest.ActionLines, "300", "60000")
	response := must(n.request(http.MethodGet, "/containerLogs/test/pod/main?follow=true", nil))
	defer response.Body.Close()
	scanner := bufio.NewScanner(response.Body)
	scanner.Buffer(nil, 2*width)
	lines, last := 0, ""
	for scanner.Scan() {
		lines, last = lines+1, scanner.Text()
	}
	if !strings.HasSuffix(last, "299") || len(last) != width || lines < 10 || lines > count {
		t.Errorf("%d lines, the last of %d characters ends with …%s", lines, len(last), last[max(len(last)-5, 0):])
	}
}
