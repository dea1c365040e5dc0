package cli

import (
	"context"
	"log/slog"

	"k8s.io/klog/v2"
)

// routeClientLogs sends what libraries log to our log, so that it shows with -v only. Without it, Istio's code takes
// over Kubernetes' logging and the standard library's, and writes to the standard output.
func routeClientLogs(log *slog.Logger) {
	klog.SetSlogLogger(log)
	slog.SetDefault(log)
}

// warningLogger logs the warnings that an API server adds to its answers, such as a deprecated field.
type warningLogger struct{ log *slog.Logger }

// HandleWarningHeaderWithContext logs one warning; code 299 is the one that Kubernetes uses.
func (w warningLogger) HandleWarningHeaderWithContext(ctx context.Context, code int, _ string, text string) {
	if code == 299 && text != "" {
		w.log.InfoContext(ctx, "API server warning", "warning", text)
	}
}
