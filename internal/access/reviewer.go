package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/meshmanager/smm/internal/signin"
)

const (
	// remember is how long an answer is taken for granted: a right that was taken away holds this much longer.
	remember = 5 * time.Second
	// maxAnswers bounds the memory; beyond it, all answers are forgotten.
	maxAnswers = 50_000
	// reviewTimeout bounds one question to the API server.
	reviewTimeout = 5 * time.Second
)

// Action is something that a user wants to do.
type Action struct {
	Verb     string
	Group    string
	Resource string
	// Subresource such as log; "" for the object itself.
	Subresource string
	// Namespace is "" for all namespaces, and for what is in none.
	Namespace string
	// Name is "" for all objects.
	Name string
	// URL is a path of the API server's, or of one that lets it decide: then the verb is that of HTTP in small letters, and
	// nothing else is set.
	URL string
}

// Reviewer asks the API server by SubjectAccessReviews and remembers the answers for some seconds.
type Reviewer struct {
	reviews authorizationclient.SubjectAccessReviewInterface
	now     func() time.Time
	asking  singleflight.Group
	mu      sync.Mutex
	answers map[question]answer
}

type question struct {
	user   string
	action Action
}

type answer struct {
	allowed bool
	until   time.Time
}

// NewReviewer returns a Reviewer. now tells the time.
func NewReviewer(reviews authorizationclient.SubjectAccessReviewInterface, now func() time.Time) *Reviewer {
	return &Reviewer{reviews: reviews, now: now, answers: map[question]answer{}}
}

// Allowed tells whether the user may do it. On an error nothing is known, and nothing is to be allowed.
func (r *Reviewer) Allowed(ctx context.Context, user signin.User, action Action) (bool, error) {
	asked := question{identity(user), action}
	if known, found := r.recall(asked); found {
		return known, nil
	}
	key := fmt.Sprintf("%s %+v", asked.user, action)
	// A question that others wait for too must not end with the one who asked first.
	shared := context.WithoutCancel(ctx)
	result := r.asking.DoChan(key, func() (any, error) { return r.ask(shared, user, asked) })
	select {
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case answered := <-result:
		allowed, _ := answered.Val.(bool)
		return allowed && answered.Err == nil, answered.Err
	}
}

func (r *Reviewer) ask(ctx context.Context, user signin.User, asked question) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	review, err := r.reviews.Create(ctx, reviewOf(user, asked.action), metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("ask what %s may do: %w", user.Name, err)
	}
	allowed := review.Status.Allowed && !review.Status.Denied
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) >= maxAnswers {
		clear(r.answers)
	}
	r.answers[asked] = answer{allowed, r.now().Add(remember)}
	return allowed, nil
}

func (r *Reviewer) recall(asked question) (allowed, found bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, found := r.answers[asked]
	return known.allowed, found && r.now().Before(known.until)
}

func reviewOf(user signin.User, action Action) *authorizationv1.SubjectAccessReview {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Name, UID: user.UID, Groups: user.Groups,
	}}
	if action.URL != "" {
		review.Spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: action.Verb, Path: action.URL}
	} else {
		review.Spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
			Verb: action.Verb, Group: action.Group, Resource: action.Resource, Subresource: action.Subresource,
			Namespace: action.Namespace, Name: action.Name,
		}
	}
	for key, values := range user.Extra {
		if review.Spec.Extra == nil {
			review.Spec.Extra = map[string]authorizationv1.ExtraValue{}
		}
		review.Spec.Extra[key] = values
	}
	return review
}

// identity is everything of a user that rights can depend on.
func identity(user signin.User) string {
	content, _ := json.Marshal(user) // of texts only
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
