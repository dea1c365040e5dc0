package operator_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/operator/chart"
	"github.com/meshmanager/smm/internal/operator/rights"
)

// asOperator applies the service account and the roles of the operator's chart and returns a
// configuration with exactly those rights.
func asOperator(ctx context.Context, t *testing.T, cluster *kubetest.Cluster) *rest.Config {
	t.Helper()
	admin, err := client.New(cluster.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: chart.Namespace}}
	if err := client.IgnoreAlreadyExists(admin.Create(ctx, namespace)); err != nil {
		t.Fatal(err)
	}
	objects, err := chart.Render(chart.Namespace, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if kind := object.GetKind(); kind == "Deployment" || kind == "Service" {
			continue
		}
		if err := admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("test"), client.ForceOwnership); err != nil {
			t.Fatal(err)
		}
	}
	config := rest.CopyConfig(cluster.Config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + chart.Namespace + ":" + chart.Name,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + chart.Namespace, "system:authenticated"},
	}
	return config
}

// What is applied for any setting, the operator may apply and delete, also the roles: nobody may
// give rights that they do not have.
func TestRightsSufficeForEveryRenderedObject(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c, err := client.New(asOperator(ctx, t, cluster), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := rights.Rendered()
	if err != nil {
		t.Fatal(err)
	}
	namespace, roles := cluster.Namespace(t), 0
	for _, object := range objects {
		if object.GetNamespace() != "" {
			object.SetNamespace(namespace)
		}
		err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), client.FieldOwner("test"), client.ForceOwnership, client.DryRunAll)
		if apierrors.IsForbidden(err) {
			t.Errorf("apply %s %s: %v", object.GetKind(), object.GetName(), err)
		}
		if err == nil && strings.HasSuffix(object.GetKind(), "Role") {
			roles++
		}
		if object.GetKind() == "CustomResourceDefinition" {
			continue
		}
		if err := c.Delete(ctx, object, client.DryRunAll); apierrors.IsForbidden(err) {
			t.Errorf("delete %s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
	if roles == 0 {
		t.Error("no role was applied")
	}
	// That it has no others, such as those of an administrator:
	admin := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "smm-test-admin"}}
	admin.Rules = []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}}
	if err := c.Create(ctx, admin, client.DryRunAll); !apierrors.IsForbidden(err) {
		t.Errorf("the operator may make a role with all rights: %v", err)
	}
	if err := c.List(ctx, &corev1.PersistentVolumeList{}); !apierrors.IsForbidden(err) {
		t.Errorf("the operator may list what it has no use for: %v", err)
	}
}

func TestRightsHaveNoWildcards(t *testing.T) {
	rules, err := rights.Rules()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		for _, word := range slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs, rule.NonResourceURLs) {
			if strings.Contains(word, "*") || word == "escalate" || word == "impersonate" {
				t.Errorf("%q in %v", word, rule)
			}
		}
		if slices.Contains(rule.Verbs, "bind") && len(rule.ResourceNames) == 0 {
			t.Errorf("any role may be bound: %v", rule)
		}
	}
}
