package registry

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// labelledRule copies Secrets with the label to every cluster.
func labelledRule(t *testing.T, name string) *v1alpha1.ResourceSyncRule {
	t.Helper()
	rule := read[v1alpha1.ResourceSyncRule](t, `
spec:
  groupVersionKind: {kind: Secret, version: v1}
  rules: [{match: [{labels: [{matchLabels: {copied: everywhere}}]}]}]`)
	rule.Name = name
	return &rule
}

func copiedSecret(name string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: DefaultNamespace, Name: name, Labels: map[string]string{"copied": "everywhere"}},
		Data:       map[string][]byte{"key": []byte("value")},
	}
}

func (m *member) lacksSecret(name string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		return apierrors.IsNotFound(m.Get(ctx, client.ObjectKey{Namespace: DefaultNamespace, Name: name}, &corev1.Secret{}))
	}
}

func (m *member) hasState(name string, state v1alpha1.ClusterState) func(context.Context) bool {
	return func(ctx context.Context) bool {
		var known v1alpha1.Cluster
		return m.Get(ctx, client.ObjectKey{Name: name}, &known) == nil && known.Status.State == state
	}
}

// Whatever happens to the first cluster, the second goes on with the third, keeps what it has of the first, says what is
// wrong, and catches up when it is over.
func faults(t *testing.T, l *line, first, second, third *member) {
	third.create(t, labelledRule(t, "everywhere"))
	kept := copiedSecret("kept")
	first.create(t, kept)
	second.eventually(t, "has the first's secret", second.hasSecret("kept"))
	for _, fault := range []string{lineRefuses, lineSilent, lineGarbage} {
		t.Run(fault, func(t *testing.T) {
			gone := copiedSecret("gone-" + fault)
			first.create(t, gone)
			second.eventually(t, "has what will be deleted", second.hasSecret(gone.Name))
			l.set(fault)
			if err := first.Delete(t.Context(), gone); err != nil {
				t.Fatal(err)
			}
			third.create(t, copiedSecret("meanwhile-"+fault))
			second.eventually(t, "has the third's new secret", second.hasSecret("meanwhile-"+fault))
			if fault != lineSilent { // it takes the time-outs to notice silence
				second.eventually(t, "says that the first fails", second.hasState("first", v1alpha1.ClusterStateFailed))
			}
			for _, name := range []string{"kept", gone.Name} {
				if !second.hasSecret(name)(t.Context()) {
					t.Errorf("%s was deleted although the first cluster does not answer", name)
				}
			}
			l.set(lineWorks)
			second.eventually(t, "has caught up", second.lacksSecret(gone.Name))
			second.eventually(t, "says that the first is ready", second.isReady("first"))
		})
	}
}

// A new credential arrives without a restart; one that leads nowhere is told, and a good one heals it.
func credentials(t *testing.T, first, second *member) {
	key := client.ObjectKey{Namespace: DefaultNamespace, Name: "first"}
	var before corev1.Secret
	if err := first.Get(t.Context(), key, &before); err != nil {
		t.Fatal(err)
	}
	if err := first.Delete(t.Context(), before.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	second.eventually(t, "has the first's new credential", func(ctx context.Context) bool {
		var now corev1.Secret
		return second.Get(ctx, key, &now) == nil && string(now.Data[v1alpha1.KubeconfigKey]) != string(before.Data[v1alpha1.KubeconfigKey])
	})
	second.eventually(t, "reads with it", second.isReady("first"))
}

// Of a cluster that leaves the group nothing stays: its controller is gone, its credentials and its own Cluster are
// deleted, as the documentation tells.
func leaving(t *testing.T, leaver *member, others ...*member) {
	for _, m := range others {
		m.eventually(t, "has a secret of the one that leaves", m.hasSecret("meanwhile-"+lineRefuses))
	}
	if err := leaver.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: DefaultNamespace, Name: leaver.name}}); err != nil {
		t.Fatal(err)
	}
	if err := leaver.Delete(t.Context(), &v1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: leaver.name}}); err != nil {
		t.Fatal(err)
	}
	for _, m := range others {
		m.eventually(t, "has forgotten the one that left", func(ctx context.Context) bool {
			return apierrors.IsNotFound(m.Get(ctx, client.ObjectKey{Name: leaver.name}, &v1alpha1.Cluster{}))
		})
		m.eventually(t, "has nothing of it", m.lacksSecret("meanwhile-"+lineRefuses))
		m.eventually(t, "has no credential of it", m.lacksSecret(leaver.name))
	}
}

// A cluster that does not answer is taken out of the group at one of its members: the others forget it too, it does not
// come back by way of them, and is taken in again when it is brought together with any of them.
func dismissed(t *testing.T, l *line, gone *member, at, other *member) {
	key := client.ObjectKey{Name: gone.name}
	var before v1alpha1.Cluster
	if err := at.Get(t.Context(), key, &before); err != nil {
		t.Fatal(err)
	}
	l.set(lineRefuses)
	other.eventually(t, "says that it does not answer", other.hasState(gone.name, v1alpha1.ClusterStateFailed))
	var own v1alpha1.Cluster
	if err := at.Get(t.Context(), client.ObjectKey{Name: at.name}, &own); err != nil {
		t.Fatal(err)
	}
	Dismiss(&own, before.Spec.ClusterID, time.Now())
	if err := at.Update(t.Context(), &own); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*member{at, other} {
		m.eventually(t, "has forgotten the one that does not answer", func(ctx context.Context) bool {
			return apierrors.IsNotFound(m.Get(ctx, key, &v1alpha1.Cluster{})) && m.lacksSecret(gone.name)(ctx) && m.lacksSecret("kept")(ctx)
		})
	}
	for _, m := range []*member{at, other} {
		m.waitForRound(t)
		if err := m.Get(t.Context(), key, &v1alpha1.Cluster{}); !apierrors.IsNotFound(err) {
			t.Errorf("cluster %s knows it again: %v", m.name, err)
		}
	}
	l.set(lineWorks)
	introduce(t, gone, other)
	for _, m := range []*member{at, other} {
		m.eventually(t, "knows the one that came back", m.isReady(gone.name))
		m.eventually(t, "has its secret again", m.hasSecret("kept"))
	}
}
