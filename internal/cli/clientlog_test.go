package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"k8s.io/klog/v2"
)

// What libraries log goes to the log of the command that runs now, though klog is told only once.
func TestClientLogsGoToTheCurrentCommand(t *testing.T) {
	t.Cleanup(func() { routeClientLogs(slog.New(slog.DiscardHandler)) })
	var first, second bytes.Buffer
	routeClientLogs(slog.New(slog.NewTextHandler(&first, nil)))
	route := clientLogRoute()
	klog.InfoS("one")
	routeClientLogs(slog.New(slog.NewTextHandler(&second, nil)))
	klog.InfoS("two")
	if clientLogRoute() != route {
		t.Error("klog was given another logger")
	}
	if !strings.Contains(first.String(), "one") || strings.Contains(first.String(), "two") || !strings.Contains(second.String(), "two") {
		t.Errorf("first %q, second %q", first.String(), second.String())
	}
}
