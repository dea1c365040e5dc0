package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/meshmanager/smm/internal/validation"
)

const (
	listTimeout  = time.Minute
	watchTimeout = 5 * time.Minute // and up to twice that, so that not all watches begin anew at once
	refusedPause = time.Minute     // after a refusal
	missingPause = time.Minute     // while a kind does not exist; a new definition ends it
	firstPause   = time.Second     // after an error, doubled with each further one
	longestPause = time.Minute
)

// stream keeps the objects of one listing.
type stream struct {
	listing
	follower *Follower
	stop     context.CancelFunc
	first    chan struct{} // closed once the first answer is there, or the first error

	// The follower's lock guards these.
	holds    map[validation.ID]bool
	answered bool // the API server has told all that there is, at least once
	notes    []string
	stopped  bool // nobody asks for the objects any more
}

func (s *stream) asked() bool {
	select {
	case <-s.first:
		return true
	default:
		return false
	}
}

// run lists and watches until the context ends.
func (s *stream) run(ctx context.Context) {
	backoff := flowcontrol.NewBackOff(firstPause, longestPause)
	for ctx.Err() == nil {
		definitions := s.follower.awaitDefinitions()
		version, err := s.list(ctx)
		if !s.asked() {
			close(s.first)
		}
		if err == nil {
			backoff.Reset(s.path)
			err = s.watch(ctx, version)
		}
		var pause time.Duration
		switch {
		case ctx.Err() != nil:
			return
		case apierrors.IsResourceExpired(err), apierrors.IsGone(err):
			continue
		case apierrors.IsNotFound(err):
			pause = missingPause
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			pause, definitions = refusedPause, nil
		default:
			backoff.Next(s.path, time.Now())
			pause, definitions = backoff.Get(s.path), nil
		}
		s.follower.told(s, err)
		select {
		case <-ctx.Done():
		case <-definitions:
		case <-time.After(pause):
		}
	}
}

// list reads all that there is and notes what is different.
func (s *stream) list(ctx context.Context) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	all, err := s.read(ctx, s.follower.rest, s.follower.cluster)
	if err != nil && !apierrors.IsNotFound(err) {
		return "", err
	}
	s.follower.replace(s, all) // a kind that does not exist has no objects
	return all.version, err
}

// watch follows changes from a version on. It ends with an error, or with ctx.
func (s *stream) watch(ctx context.Context, version string) error {
	for {
		limit := watchTimeout + rand.N(watchTimeout)
		request := s.request(s.follower.rest).Param("watch", "true").Param("allowWatchBookmarks", "true").
			Param("resourceVersion", version).Param("timeoutSeconds", strconv.Itoa(int(limit.Seconds())))
		watchCtx, cancel := context.WithTimeout(ctx, limit+listTimeout)
		started := time.Now()
		last, err := s.events(watchCtx, request.Stream)
		cancel()
		switch {
		case err != nil:
			return err
		case last != "":
			version = last
		case time.Since(started) < firstPause:
			return fmt.Errorf("watch %s: it ends at once", s.schema.Resource.Resource)
		}
	}
}

// event is one line of a watch.
type event struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// events reads one watch to its end and returns the last version that it told.
func (s *stream) events(ctx context.Context, open func(context.Context) (io.ReadCloser, error)) (version string, err error) {
	body, err := open(ctx)
	if err != nil {
		return "", fmt.Errorf("watch %s: %w", s.schema.Resource.Resource, err)
	}
	defer body.Close()
	lines := json.NewDecoder(body)
	for {
		var e event
		switch err := lines.Decode(&e); {
		case errors.Is(err, io.EOF), err != nil && ctx.Err() != nil:
			return version, ctx.Err()
		case err != nil:
			return "", fmt.Errorf("watch %s: %w", s.schema.Resource.Resource, err)
		}
		if e.Type == "ERROR" {
			var status metav1.Status
			if err := json.Unmarshal(e.Object, &status); err != nil {
				return "", fmt.Errorf("watch %s: %w", s.schema.Resource.Resource, err)
			}
			return "", apierrors.FromObject(&status)
		}
		version = s.follower.happened(s, e)
	}
}
