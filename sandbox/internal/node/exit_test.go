package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

func TestExitState(t *testing.T) {
	tests := []struct {
		status container.ExitStatus
		reason string
	}{
		{container.ExitStatus{}, "Completed"},
		{container.ExitStatus{Code: 3}, "Error"},
		{container.ExitStatus{Code: 143, Signal: syscall.SIGTERM}, "Error"},
		{container.ExitStatus{Code: 137, Signal: syscall.SIGKILL, OOMKilled: true}, "OOMKilled"},
	}
	for _, test := range tests {
		got := exitState(test.status, "process://1", "m")
		if got.Reason != test.reason || got.ExitCode != int32(test.status.Code) || got.Signal != int32(test.status.Signal) || got.Message != "m" {
			t.Errorf("%+v became %+v", test.status, got)
		}
	}
}

func TestTerminationMessage(t *testing.T) {
	dir := t.TempDir()
	written, err := messageFile(dir, "written", 0)
	if err != nil {
		t.Fatal(err)
	}
	silent, err := messageFile(dir, "silent", 0)
	if err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, "long")
	log := filepath.Join(dir, "0.log")
	for path, text := range map[string]string{
		written: "last words",
		long:    strings.Repeat("x", 5000),
		log:     "2026-01-02T03:04:05.0Z stdout F first\n2026-01-02T03:04:05.1Z stderr P sec\n2026-01-02T03:04:05.2Z stderr F ond line\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		file   string
		policy corev1.TerminationMessagePolicy
		failed bool
		want   string
	}{
		{"what the container wrote", written, corev1.TerminationMessageFallbackToLogsOnError, true, "last words"},
		{"only the beginning of a long message", long, corev1.TerminationMessageReadFile, true, strings.Repeat("x", 4096)},
		{"nothing", silent, corev1.TerminationMessageReadFile, true, ""},
		{"the log after a failure", silent, corev1.TerminationMessageFallbackToLogsOnError, true, "first\nsecond line\n"},
		{"not the log after a success", silent, corev1.TerminationMessageFallbackToLogsOnError, false, ""},
	}
	for _, test := range tests {
		if got := terminationMessage(&corev1.Container{TerminationMessagePolicy: test.policy}, test.file, log, test.failed); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestLastLines(t *testing.T) {
	var log strings.Builder
	for i := range 100 {
		fmt.Fprintf(&log, "2026-01-02T03:04:05.0Z stdout F line %d\n", i)
	}
	got := lastLines([]byte(log.String()))
	if !strings.HasPrefix(got, "line 20\n") || !strings.HasSuffix(got, "line 99\n") {
		t.Errorf("the last 80 lines are %q", got)
	}
	wide := "2026-01-02T03:04:05.0Z stdout F " + strings.Repeat("x", 3000) + "\n"
	if got := lastLines([]byte(wide)); len(got) != maxLogMessage {
		t.Errorf("%d bytes", len(got))
	}
}
