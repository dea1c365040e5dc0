package crilog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/sandbox/internal/container/crilog"
)

// entries reads a log file without time stamps, each of which must be one.
func entries(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for line := range strings.Lines(string(content)) {
		stamp, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if at, err := time.Parse(time.RFC3339Nano, stamp); err != nil || time.Since(at) > time.Minute {
			t.Errorf("time stamp %q", stamp)
		}
		lines = append(lines, rest)
	}
	return lines
}

func TestEntries(t *testing.T) {
	long := strings.Repeat("x", 16<<10)
	for name, test := range map[string]struct {
		writes []string
		want   []string
	}{
		"lines":                  {[]string{"one\ntwo\n"}, []string{"stdout F one", "stdout F two"}},
		"line in parts":          {[]string{"o", "", "ne\ntw", "o\n"}, []string{"stdout F one", "stdout F two"}},
		"empty line":             {[]string{"\n"}, []string{"stdout F "}},
		"no newline at the end":  {[]string{"one\ntwo"}, []string{"stdout F one", "stdout P two"}},
		"long line":              {[]string{long + "yz\n"}, []string{"stdout P " + long, "stdout F yz"}},
		"long line in parts":     {[]string{long[1:], "xy", "z\n"}, []string{"stdout P " + long, "stdout F yz"}},
		"line that fits exactly": {[]string{long + "\n"}, []string{"stdout F " + long}},
		"nothing":                {nil, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "new/directory/0.log")
			log, err := crilog.Create(path, 1<<30, 2)
			if err != nil {
				t.Fatal(err)
			}
			stream := log.Stream("stdout")
			for _, w := range test.writes {
				if n, err := stream.Write([]byte(w)); n != len(w) || err != nil {
					t.Fatal(n, err)
				}
			}
			stream.Close()
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, entries(t, path)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A parted line of one stream must not be mixed with one of the other.
func TestStreamsKeepTheirLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.log")
	log, err := crilog.Create(path, 1<<30, 2)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := log.Stream("stdout"), log.Stream("stderr")
	stdout.Write([]byte("out"))
	stderr.Write([]byte("err\n"))
	stdout.Write([]byte("put\n"))
	if diff := cmp.Diff([]string{"stderr F err", "stdout F output"}, entries(t, path)); diff != "" {
		t.Error(diff)
	}
}

// Rotation keeps whole lines in order and no more files than allowed.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.log")
	log, err := crilog.Create(path, 1000, 3)
	if err != nil {
		t.Fatal(err)
	}
	stream := log.Stream("stdout")
	for i := range 100 {
		fmt.Fprintf(stream, "line %03d\n", i)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	rotated, err := crilog.Rotated(path)
	if err != nil || len(rotated) != 2 {
		t.Fatalf("rotated files %v, %v; want 2", rotated, err)
	}
	var all []string
	for _, file := range append(rotated, path) {
		if !regexp.MustCompile(`/0\.log(\.\d{8}-\d{6}\.\d{9})?$`).MatchString(file) {
			t.Errorf("file name %s", file)
		}
		all = append(all, entries(t, file)...)
	}
	for i, line := range all {
		if want := fmt.Sprintf("stdout F line %03d", 100-len(all)+i); line != want {
			t.Fatalf("line %d is %q, want %q", i, line, want)
		}
	}
	if len(all) < 50 {
		t.Errorf("only %d lines are kept", len(all))
	}
}

// A container goes on when its log cannot be written, and the failure is known at the end.
func TestWriteFailure(t *testing.T) {
	log, err := crilog.Create(filepath.Join(t.TempDir(), "0.log"), 10, 2)
	if err != nil {
		t.Fatal(err)
	}
	log.Close()
	if n, err := log.Stream("stdout").Write([]byte("words\n")); n != 6 || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
	if err := log.Close(); err == nil || !strings.Contains(err.Error(), "file already closed") {
		t.Errorf("close: %v", err)
	}
}
