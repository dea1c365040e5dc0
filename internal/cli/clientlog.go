package cli

import (
	"context"
	"log/slog"
	"sync/atomic"

	"k8s.io/klog/v2"
)

// routeClientLogs sends what libraries log to our log, so that it shows with -v only. Without it, Istio's code takes
// over Kubernetes' logging and the standard library's, and writes to the standard output.
func routeClientLogs(log *slog.Logger) {
	slog.SetDefault(log)
	if route := clientLogRoute(); route != nil {
		route.to.Store(log)
		return
	}
	route := &logRoute{}
	route.to.Store(log)
	klog.SetSlogLogger(slog.New(route))
}

// clientLogRoute is where klog sends its logs to, nil before the first command. klog has one logger for the whole process
// and may not be given another one while anything runs, as it does when a process runs several commands.
func clientLogRoute() *logRoute {
	sink, ok := klog.Background().GetSink().(interface{ GetUnderlying() slog.Handler })
	if !ok {
		return nil
	}
	route, _ := sink.GetUnderlying().(*logRoute)
	return route
}

// logRoute is a slog.Handler that hands on to the log of the current command.
type logRoute struct{ to atomic.Pointer[slog.Logger] }

func (r *logRoute) Enabled(ctx context.Context, level slog.Level) bool {
	return r.to.Load().Enabled(ctx, level)
}

func (r *logRoute) Handle(ctx context.Context, record slog.Record) error {
	return r.to.Load().Handler().Handle(ctx, record)
}

func (r *logRoute) WithAttrs(attributes []slog.Attr) slog.Handler {
	return r.to.Load().Handler().WithAttrs(attributes)
}

func (r *logRoute) WithGroup(name string) slog.Handler { return r.to.Load().Handler().WithGroup(name) }

// warningLogger logs the warnings that an API server adds to its answers, such as a deprecated field.
type warningLogger struct{ log *slog.Logger }

// HandleWarningHeaderWithContext logs one warning; code 299 is the one that Kubernetes uses.
func (w warningLogger) HandleWarningHeaderWithContext(ctx context.Context, code int, _ string, text string) {
	if code == 299 && text != "" {
		w.log.InfoContext(ctx, "API server warning", "warning", text)
	}
}
