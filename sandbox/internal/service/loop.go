package service

import (
	"context"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
)

const (
	firstRetry = 20 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// loop does one task whenever it is triggered: once for all triggers that arrive while it is busy, and again,
// after pauses that grow, as long as it fails.
type loop struct {
	name  string
	log   *slog.Logger
	task  func(context.Context) error
	queue workqueue.TypedRateLimitingInterface[string]
}

func newLoop(name string, log *slog.Logger, task func(context.Context) error) *loop {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstRetry, lastRetry)
	return &loop{name: name, log: log, task: task, queue: workqueue.NewTypedRateLimitingQueue(limiter)}
}

// trigger asks for the task to be done (again).
func (l *loop) trigger() { l.queue.Add(l.name) }

// run does the task once, and then when triggered, until ctx ends. A failure is logged when it appears or
// changes, not each time; that somebody else was faster to write is no failure.
func (l *loop) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, l.queue.ShutDown)
	defer stop()
	l.trigger()
	reported := ""
	for {
		item, ended := l.queue.Get()
		if ended {
			return
		}
		err := l.task(ctx)
		switch {
		case err == nil:
			l.queue.Forget(item)
			reported = ""
		case ctx.Err() == nil:
			l.queue.AddRateLimited(item)
			if message := err.Error(); message != reported && !apierrors.IsConflict(err) {
				l.log.Warn("cannot "+l.name, "error", message)
				reported = message
			}
		}
		l.queue.Done(item)
	}
}
