package access_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/signin"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

var readPods = access.Action{Verb: "list", Resource: "pods"}

// Who may see one namespace sees only that one, whatever is asked about at once.
func TestAUserSeesOnlyTheNamespacesOfTheirRights(t *testing.T) {
	cluster := kubetest.Start(t)
	client, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	mine, other := cluster.Namespace(t), cluster.Namespace(t)
	jane := signin.User{Name: "jane", Groups: []string{"team-" + mine}}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "team"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "team-" + mine}},
	}
	if _, err := client.RbacV1().RoleBindings(mine).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// The API server's authorizer learns of the binding by a watch.
	var visible []string
	err = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		fresh := access.NewReviewer(client.AuthorizationV1().SubjectAccessReviews(), time.Now)
		visible, err = fresh.Namespaces(ctx, jane, readPods, []string{other, mine})
		return len(visible) > 0, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{mine}, visible); diff != "" {
		t.Error(diff)
	}
	reviewer := access.NewReviewer(client.AuthorizationV1().SubjectAccessReviews(), time.Now)
	nobody, err := reviewer.Namespaces(t.Context(), signin.User{Name: "joe"}, readPods, []string{other, mine})
	if err != nil || len(nobody) > 0 {
		t.Errorf("a user without rights sees %v, error %v", nobody, err)
	}
	admin := signin.User{Name: "root", Groups: []string{"system:masters"}}
	all, err := reviewer.Namespaces(t.Context(), admin, readPods, []string{other, mine})
	if diff := cmp.Diff([]string{other, mine}, all); diff != "" || err != nil {
		t.Errorf("the administrator: error %v\n%s", err, diff)
	}
}

// reviews answers in the API server's place and counts the questions.
type reviews struct {
	authorizationclient.SubjectAccessReviewInterface
	asked   atomic.Int64
	allowed atomic.Bool
	fail    atomic.Bool
}

func (r *reviews) Create(_ context.Context, review *authorizationv1.SubjectAccessReview, _ metav1.CreateOptions) (*authorizationv1.SubjectAccessReview, error) {
	r.asked.Add(1)
	if r.fail.Load() {
		return nil, errors.New("the API server is away")
	}
	review.Status.Allowed = r.allowed.Load()
	return review, nil
}

func TestAnAnswerIsRememberedForSeconds(t *testing.T) {
	now := time.Now()
	server := &reviews{}
	server.allowed.Store(true)
	reviewer := access.NewReviewer(server, func() time.Time { return now })
	ask := func() bool {
		allowed, err := reviewer.Allowed(t.Context(), signin.User{Name: "jane"}, readPods)
		if err != nil {
			t.Fatal(err)
		}
		return allowed
	}
	first, second := ask(), ask()
	if !first || !second || server.asked.Load() != 1 {
		t.Errorf("asked %d times, want once", server.asked.Load())
	}
	server.allowed.Store(false)
	now = now.Add(6 * time.Second)
	if ask() {
		t.Error("a right that was taken away still holds")
	}
	other := signin.User{Name: "jane", Groups: []string{"admins"}}
	if _, err := reviewer.Allowed(t.Context(), other, readPods); err != nil || server.asked.Load() != 3 {
		t.Errorf("the same name with other groups: asked %d times, error %v", server.asked.Load(), err)
	}
}

func TestNothingIsAllowedWhileNothingIsKnown(t *testing.T) {
	server := &reviews{}
	server.allowed.Store(true)
	server.fail.Store(true)
	reviewer := access.NewReviewer(server, time.Now)
	if allowed, err := reviewer.Allowed(t.Context(), signin.User{Name: "jane"}, readPods); allowed || err == nil {
		t.Errorf("allowed %t, error %v", allowed, err)
	}
	server.fail.Store(false)
	if allowed, err := reviewer.Allowed(t.Context(), signin.User{Name: "jane"}, readPods); !allowed || err != nil {
		t.Errorf("afterwards: allowed %t, error %v", allowed, err)
	}
}

func TestManyWhoAskAtOnceAreOneQuestion(t *testing.T) {
	server := &reviews{}
	reviewer := access.NewReviewer(server, time.Now)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := reviewer.Allowed(t.Context(), signin.User{Name: "jane"}, readPods); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if asked := server.asked.Load(); asked > 5 {
		t.Errorf("%d questions were asked", asked)
	}
}
