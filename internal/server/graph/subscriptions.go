package graph

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/server/graph/model"
)

const (
	// changeInterval is the least time between two messages of one subscription to changes.
	changeInterval = time.Second
	// maxTail bounds the lines of a log that are sent at first.
	maxTail = 5000
	// maxLine bounds one line of a log, in bytes.
	maxLine = 256 << 10
)

// InventoryChanged tells of changes, at first at once.
func (s subscription) InventoryChanged(ctx context.Context) (<-chan int, error) {
	if _, err := someone(ctx); err != nil {
		return nil, err
	}
	changes := make(chan struct{}, 1)
	go s.changesOfAll(ctx, changes)
	counted := make(chan int)
	go count(ctx, changes, counted)
	return counted, nil
}

// changesOfAll tells of changes of all clusters, also of those that come later, and of those that come and go.
func (r *Resolver) changesOfAll(ctx context.Context, changes chan<- struct{}) {
	tell := func() {
		select {
		case changes <- struct{}{}:
		default: // it is told already
		}
	}
	for ctx.Err() == nil {
		changed := r.Clusters.Changed()
		these, cancel := context.WithCancel(ctx)
		for _, c := range r.Clusters.All() {
			go func() {
				for {
					select {
					case <-these.Done():
						return
					case <-c.Inventory.Changed():
						tell()
					}
				}
			}()
		}
		select {
		case <-changed:
			tell()
		case <-ctx.Done():
		}
		cancel()
	}
}

// count sends how many batches of changes there were, at most one an interval.
func count(ctx context.Context, changes <-chan struct{}, counted chan<- int) {
	defer close(counted)
	ticker := time.NewTicker(changeInterval)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case counted <- n:
		case <-ctx.Done():
			return
		}
		select {
		case <-changes:
		case <-ctx.Done():
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// PodLog follows a log with the user's own rights.
func (s subscription) PodLog(ctx context.Context, id, container string, tail *int, previous *bool) (<-chan *model.LogLine, error) {
	parsed, c, who, err := s.target(ctx, id)
	if err != nil {
		return nil, err
	}
	client, err := c.Kubernetes(who)
	if err != nil {
		return nil, err
	}
	lines := int64(100)
	if tail != nil {
		lines = int64(min(max(*tail, 0), maxTail))
	}
	options := &corev1.PodLogOptions{Container: container, Follow: true, Timestamps: true, TailLines: &lines}
	if previous != nil && *previous {
		options.Previous, options.Follow = true, false
	}
	stream, err := client.CoreV1().Pods(parsed.Namespace).GetLogs(parsed.Name, options).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", id, err)
	}
	out := make(chan *model.LogLine)
	go func() {
		defer close(out)
		defer stream.Close()
		scanner := bufio.NewScanner(stream)
		scanner.Buffer(nil, maxLine)
		for scanner.Scan() {
			select {
			case out <- lineOf(scanner.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// lineOf splits the time that the kubelet puts before a line.
func lineOf(text string) *model.LogLine {
	when, rest, found := strings.Cut(text, " ")
	if _, err := time.Parse(time.RFC3339Nano, when); !found || err != nil {
		return &model.LogLine{Text: text}
	}
	return &model.LogLine{Time: when, Text: rest}
}
