package registry

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// patience is how long a change may take to arrive on a loaded machine. It is usually there within a second.
const patience = time.Minute

// member is a cluster of a group in a test.
type member struct {
	client.Client
	name   string
	config *rest.Config
}

// newMember starts a cluster with the product's kinds and what peers read as, but no controller yet.
func newMember(t *testing.T, number int, name string) *member {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.Another(number))
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cluster.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	m := &member{c, name, cluster.Config}
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range definitions {
		if definition.Spec.Group == v1alpha1.GroupVersion.Group {
			m.create(t, definition)
		}
	}
	m.create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: DefaultNamespace}})
	m.create(t, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: DefaultNamespace, Name: ReaderServiceAccount}})
	m.create(t, part(ReaderServiceAccount, v1alpha1.ReaderAggregatedLabel, readerRules()))
	m.create(t, Installation{Namespace: DefaultNamespace}.binding(ReaderServiceAccount, ReaderServiceAccount))
	m.eventually(t, "the kinds are served", func(ctx context.Context) bool {
		return c.List(ctx, &v1alpha1.ResourceSyncRuleList{}) == nil && c.List(ctx, &v1alpha1.ClusterList{}) == nil && c.List(ctx, &v1alpha1.ClusterFeatureList{}) == nil
	})
	return m
}

func (m *member) create(t *testing.T, object client.Object) {
	t.Helper()
	if err := m.Create(t.Context(), object); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatalf("cluster %s: %v", m.name, err)
	}
}

// run runs the controller, as it would in a pod of the cluster, until the returned function is called.
func (m *member) run(t *testing.T, address string) (stop func()) {
	t.Helper()
	controller, err := New(t.Context(), m.config, Options{
		ClusterName: m.name, Namespace: DefaultNamespace, APIServerAddress: address, Log: slog.New(slog.NewTextHandler(t.Output(), nil)).With("cluster", m.name),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- controller.Start(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the controller of %s ended: %v", m.name, err)
		}
	})
	t.Cleanup(stop)
	m.eventually(t, "the cluster has credentials for its peers", func(ctx context.Context) bool {
		return m.Get(ctx, client.ObjectKey{Namespace: DefaultNamespace, Name: m.name}, &corev1.Secret{}) == nil &&
			m.Get(ctx, client.ObjectKey{Name: m.name}, &v1alpha1.Cluster{}) == nil
	})
	return stop
}

func (m *member) eventually(t *testing.T, what string, condition func(context.Context) bool) {
	t.Helper()
	started := time.Now()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		return condition(ctx), nil
	})
	if err != nil {
		t.Fatalf("cluster %s: %s: not within %s", m.name, what, patience)
	}
	t.Logf("cluster %s: %s after %s", m.name, what, time.Since(started).Round(time.Millisecond))
}

// introduce copies a Cluster and its credentials to another cluster by hand, as the documentation tells.
func introduce(t *testing.T, from, to *member) {
	t.Helper()
	var known v1alpha1.Cluster
	var secret corev1.Secret
	if err := from.Get(t.Context(), client.ObjectKey{Name: from.name}, &known); err != nil {
		t.Fatal(err)
	}
	if err := from.Get(t.Context(), client.ObjectKey{Namespace: DefaultNamespace, Name: from.name}, &secret); err != nil {
		t.Fatal(err)
	}
	to.create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: secret.Namespace, Name: secret.Name}, Type: secret.Type, Data: secret.Data})
	to.create(t, &v1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: known.Name}, Spec: known.Spec})
}

func (m *member) isReady(name string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		var known v1alpha1.Cluster
		return m.Get(ctx, client.ObjectKey{Name: name}, &known) == nil && known.Status.State == v1alpha1.ClusterStateReady && isSynced(known.Status)
	}
}

func (m *member) hasSecret(name string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		return m.Get(ctx, client.ObjectKey{Namespace: DefaultNamespace, Name: name}, &corev1.Secret{}) == nil
	}
}

// deleteForGood deletes an object and makes sure that it stays away: until after a later change has been dealt with.
func (m *member) deleteForGood(t *testing.T, gone client.Object) {
	t.Helper()
	if err := m.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	m.waitForRound(t)
	if err := m.Get(t.Context(), client.ObjectKeyFromObject(gone), gone); !apierrors.IsNotFound(err) {
		t.Errorf("cluster %s: %T came back: %v", m.name, gone, err)
	}
}

// hasSeen waits until everything is known here that the other cluster's rules were like until now.
func (m *member) hasSeen(t *testing.T, other *member) {
	t.Helper()
	marker := markerRule()
	marker.Annotations = nil
	other.create(t, marker)
	m.eventually(t, "has seen the rules of "+other.name, func(ctx context.Context) bool {
		return m.Get(ctx, client.ObjectKeyFromObject(marker), &v1alpha1.ResourceSyncRule{}) == nil
	})
	if err := other.Delete(t.Context(), marker); err != nil {
		t.Fatal(err)
	}
}

func markerRule() *v1alpha1.ResourceSyncRule {
	marker := &v1alpha1.ResourceSyncRule{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "marker-", Annotations: map[string]string{v1alpha1.SyncDisabledAnnotation: "true"},
	}}
	marker.Spec.GVK.Kind, marker.Spec.GVK.Version = "Secret", "v1"
	marker.Spec.Rules = []v1alpha1.SyncRule{{Matches: []v1alpha1.SyncRuleMatch{{Name: "nothing-has-this-name"}}}}
	return marker
}

// waitForRound waits until the controller has dealt with everything before: a rule that it is given after that has a
// status, and what the rule asks for is there.
func (m *member) waitForRound(t *testing.T) {
	t.Helper()
	marker := markerRule()
	m.create(t, marker)
	m.eventually(t, "has dealt with a change", func(ctx context.Context) bool {
		var now v1alpha1.ResourceSyncRule
		return m.Get(ctx, client.ObjectKeyFromObject(marker), &now) == nil && len(now.Status.Conditions) > 0
	})
	if err := m.Delete(t.Context(), marker); err != nil {
		t.Fatal(err)
	}
}
