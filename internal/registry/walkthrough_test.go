package registry

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// A group of three clusters, the first behind a line that can be cut. The clusters are introduced to each other in a
// chain: the first and the third learn of each other from the second.
func TestGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("three control planes")
	}
	first, second, third := newMember(t, 1, "first"), newMember(t, 2, "second"), newMember(t, 3, "third")
	l := newLine(t, first.config.Host)
	first.run(t, l.address)
	second.run(t, second.config.Host)
	stopThird := third.run(t, third.config.Host)
	introduce(t, second, first)
	introduce(t, first, second)
	introduce(t, third, second)
	introduce(t, second, third)
	for _, m := range []*member{first, second, third} {
		for _, other := range []string{"first", "second", "third"} {
			m.eventually(t, "knows "+other, m.isReady(other))
		}
	}
	t.Run("walk-through", func(t *testing.T) { walkThrough(t, first, second, third) })
	t.Run("faults", func(t *testing.T) { faults(t, l, first, second, third) })
	t.Run("credentials", func(t *testing.T) { credentials(t, first, second) })
	t.Run("dismissed", func(t *testing.T) { dismissed(t, l, first, second, third) })
	t.Run("leaving", func(t *testing.T) {
		stopThird()
		leaving(t, third, first, second)
	})
}

// walkThrough is the documented walk-through of ResourceSyncRules, step by step.
func walkThrough(t *testing.T, first, second, third *member) {
	group := []*member{first, second, third}
	ctx := t.Context()
	const name = "test-secret"
	key := client.ObjectKey{Namespace: DefaultNamespace, Name: name}

	// Sync everywhere.
	third.create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: name}, Data: map[string][]byte{"a": []byte("1")}})
	rule := read[v1alpha1.ResourceSyncRule](t, `
apiVersion: clusterregistry.k8s.cisco.com/v1alpha1
kind: ResourceSyncRule
metadata: {name: test-secret-sink}
spec:
  groupVersionKind: {kind: Secret, version: v1}
  rules:
  - match:
    - objectKey:
      name: test-secret
      namespace: cluster-registry`)
	first.create(t, &rule)
	for _, m := range group {
		m.eventually(t, "has the rule", func(ctx context.Context) bool {
			return m.Get(ctx, client.ObjectKey{Name: rule.Name}, &v1alpha1.ResourceSyncRule{}) == nil
		})
		m.eventually(t, "has the secret", m.hasSecret(name))
	}
	// What is deleted or modified is synced back.
	if err := second.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: name}}); err != nil {
		t.Fatal(err)
	}
	second.eventually(t, "has the deleted secret again", second.hasSecret(name))
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"data":{"a":"Mg==","b":"Mg=="}}`))
	if err := first.Patch(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: name}}, patch); err != nil {
		t.Fatal(err)
	}
	first.eventually(t, "has the modified secret as it was", func(ctx context.Context) bool {
		var secret corev1.Secret
		return first.Get(ctx, key, &secret) == nil && len(secret.Data) == 1 && string(secret.Data["a"]) == "1"
	})

	// Sync to a set of clusters.
	disable := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"cluster-registry.k8s.cisco.com/resource-sync-disabled":"true"}}}`))
	if err := first.Patch(ctx, &v1alpha1.ResourceSyncRule{ObjectMeta: metav1.ObjectMeta{Name: rule.Name}}, disable); err != nil {
		t.Fatal(err)
	}
	second.hasSeen(t, first)
	second.deleteForGood(t, &v1alpha1.ResourceSyncRule{ObjectMeta: metav1.ObjectMeta{Name: rule.Name}})
	second.deleteForGood(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: name}})

	// Sync from a set of clusters: none has the feature yet.
	only := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"clusterFeatureMatch":[{"featureName":"test-secret-feature"}]}}`))
	if err := first.Patch(ctx, &v1alpha1.ResourceSyncRule{ObjectMeta: metav1.ObjectMeta{Name: rule.Name}}, only); err != nil {
		t.Fatal(err)
	}
	first.waitForRound(t)
	first.deleteForGood(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: name}})
	third.create(t, &v1alpha1.ClusterFeature{ObjectMeta: metav1.ObjectMeta{Name: "test-secret-source"}, Spec: v1alpha1.ClusterFeatureSpec{FeatureName: "test-secret-feature"}})
	first.eventually(t, "has the secret of the cluster with the feature", first.hasSecret(name))

	if second.hasSecret(name)(ctx) {
		t.Error("the second cluster has the secret again, although it has no rule for it")
	}
	// In all of this nobody wrote to the original.
	var original corev1.Secret
	if err := third.Get(t.Context(), key, &original); err != nil {
		t.Fatal(err)
	}
	if len(original.Annotations)+len(original.Labels) > 0 || string(original.Data["a"]) != "1" {
		t.Errorf("the original was changed: %v %v %q", original.Labels, original.Annotations, original.Data)
	}
}
