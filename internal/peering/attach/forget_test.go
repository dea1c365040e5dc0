package attach

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// Who leaves a group forgets what its registry made for that, and keeps rules that users made.
func TestForgetGroup(t *testing.T) {
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(kubetest.Start(t).Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range definitions {
		if err := c.Create(t.Context(), definition); err != nil {
			t.Fatal(err)
		}
	}
	served := func(ctx context.Context) (bool, error) {
		return c.List(ctx, &clusterregistryv1alpha1.ResourceSyncRuleList{}) == nil && c.List(ctx, &clusterregistryv1alpha1.ClusterFeatureList{}) == nil, nil
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, served); err != nil {
		t.Fatal(err)
	}
	core := map[string]string{clusterregistryv1alpha1.CoreResourceLabel: "true"}
	for _, object := range []client.Object{
		&clusterregistryv1alpha1.ClusterFeature{ObjectMeta: metav1.ObjectMeta{Name: "core", Labels: core}, Spec: clusterregistryv1alpha1.ClusterFeatureSpec{FeatureName: "core"}},
		&clusterregistryv1alpha1.ResourceSyncRule{ObjectMeta: metav1.ObjectMeta{Name: "core", Labels: core}},
		&clusterregistryv1alpha1.ResourceSyncRule{ObjectMeta: metav1.ObjectMeta{Name: "own"}},
	} {
		if rule, ok := object.(*clusterregistryv1alpha1.ResourceSyncRule); ok {
			rule.Spec.GVK.Version, rule.Spec.GVK.Kind = "v1", "Secret"
			rule.Spec.Rules = []clusterregistryv1alpha1.SyncRule{{}}
		}
		if err := c.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	if err := forgetGroup(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var rules clusterregistryv1alpha1.ResourceSyncRuleList
	var features clusterregistryv1alpha1.ClusterFeatureList
	for _, list := range []client.ObjectList{&rules, &features} {
		if err := c.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if len(features.Items) > 0 || len(rules.Items) != 1 || rules.Items[0].Name != "own" {
		t.Errorf("left are %v and %v", features.Items, rules.Items)
	}
}
