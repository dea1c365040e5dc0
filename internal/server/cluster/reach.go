package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/internal/access"
)

const (
	// probeInterval is the time between two questions whether a cluster can be reached.
	probeInterval = 5 * time.Second
	// probeTimeout bounds one of them.
	probeTimeout = 3 * time.Second
	// rightsInterval is the time between two questions what the credentials allow.
	rightsInterval = time.Minute
	// current is how long an answer holds where nobody asks again and again.
	current = 2 * probeInterval
)

// ErrUnreachable tells that nothing can be asked of a cluster at the moment.
var ErrUnreachable = errors.New("the cluster cannot be reached")

// State is how a cluster can be reached.
type State struct {
	Reachable bool
	// Version is Kubernetes'; "" while the cluster cannot be reached.
	Version string
	// Problem is why it cannot be reached, or what the credentials do not allow; "" for nothing.
	Problem string
}

// reach remembers whether a cluster answers, so that nobody has to wait for one that does not.
type reach struct {
	needs []access.Action

	mu      sync.Mutex
	state   State
	at      time.Time // when the state was seen
	lack    string    // what the credentials do not allow
	checked time.Time // when they were looked at
}

// Require has the state tell when the credentials do not allow the actions. Call it before Run.
func (c *Cluster) Require(actions ...access.Action) { c.reach.needs = actions }

// State tells whether the cluster can be reached. While the cluster runs, nobody waits for the answer.
func (c *Cluster) State(ctx context.Context) State {
	c.reach.mu.Lock()
	known, at := c.reach.state, c.reach.at
	c.reach.mu.Unlock()
	if time.Since(at) < current {
		return known
	}
	return c.probe(ctx)
}

// Doubt notes that the cluster did not answer a question; the next probe tells more.
func (c *Cluster) Doubt(err error) {
	c.reach.mu.Lock()
	defer c.reach.mu.Unlock()
	c.reach.state, c.reach.at = State{Problem: reasonOf(err)}, time.Now()
}

// keepProbing looks again and again until the context ends.
func (c *Cluster) keepProbing(ctx context.Context) {
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		c.probe(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (c *Cluster) probe(ctx context.Context) State {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	version, err := c.Version(ctx)
	state := State{Reachable: err == nil, Version: version}
	if err != nil {
		state.Problem = reasonOf(err)
	} else {
		state.Problem = c.lacks(ctx)
	}
	if errors.Is(ctx.Err(), context.Canceled) { // who asked gave up
		return state
	}
	c.reach.mu.Lock()
	defer c.reach.mu.Unlock()
	c.reach.state, c.reach.at = state, time.Now()
	return state
}

// reasonOf says why a cluster does not answer, without addresses: everybody who is signed in is told.
func reasonOf(err error) string {
	var slow net.Error
	switch {
	case apierrors.IsUnauthorized(err):
		return "its API server refuses the credentials"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "its API server does not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers at the address of its API server"
	}
	return ErrUnreachable.Error()
}

// lacks tells what the credentials do not allow of what is needed. Who they are may always ask that.
func (c *Cluster) lacks(ctx context.Context) string {
	c.reach.mu.Lock()
	lack, fresh := c.reach.lack, time.Since(c.reach.checked) < rightsInterval
	c.reach.mu.Unlock()
	if fresh || len(c.reach.needs) == 0 {
		return lack
	}
	var missing []string
	for _, action := range c.reach.needs {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: action.Verb, Group: action.Group, Resource: action.Resource},
		}}
		answer, err := c.own.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return lack
		}
		if !answer.Status.Allowed {
			missing = append(missing, action.Verb+" "+action.Resource)
		}
	}
	if lack = ""; len(missing) > 0 {
		lack = fmt.Sprintf("the credentials for it do not allow to %s: what needs that is not shown", strings.Join(missing, ", "))
	}
	c.reach.mu.Lock()
	defer c.reach.mu.Unlock()
	c.reach.lack, c.reach.checked = lack, time.Now()
	return lack
}
