package platform

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// ImpersonatorRole is the ClusterRole by which the server acts in the name of users. The operator does not have these rights
// and cannot make the role: who installs the product does. The operator may only bind it.
const ImpersonatorRole = "smm-impersonator"

// Impersonator is that role. It covers the facts that Kubernetes itself notes of accounts; those of an identity provider
// need a further role of the cluster's administrator.
func Impersonator() *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		TypeMeta:   rbacType("ClusterRole"),
		ObjectMeta: metav1.ObjectMeta{Name: ImpersonatorRole, Labels: applicationLabels()},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Verbs: []string{"impersonate"}, Resources: []string{"groups", "serviceaccounts", "users"}},
			{APIGroups: []string{"authentication.k8s.io"}, Verbs: []string{"impersonate"}, Resources: []string{
				"uids",
				"userextras/authentication.kubernetes.io/credential-id",
				"userextras/authentication.kubernetes.io/node-name",
				"userextras/authentication.kubernetes.io/node-uid",
				"userextras/authentication.kubernetes.io/pod-name",
				"userextras/authentication.kubernetes.io/pod-uid",
			}},
		},
	}
}

// impersonatorOwner owns the role where the product was installed by a command.
func impersonatorOwner() kube.Owner {
	return kube.Owner{Kind: "ServiceMeshManager", Name: "impersonator"}
}

// impersonatorOf is the role where the ControlPlane's server acts in the name of users; none elsewhere.
func impersonatorOf(cp *smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error) {
	if !wantsApplication(&cp.Spec) || anonymous(&cp.Spec) {
		return nil, nil
	}
	return encode([]runtime.Object{Impersonator()})
}

// applyImpersonator makes the role if the ControlPlane needs it.
func applyImpersonator(ctx context.Context, applier *kube.Applier, cp *smmv1alpha1.ControlPlane) error {
	objects, err := impersonatorOf(cp)
	if err != nil || len(objects) == 0 {
		return err
	}
	_, err = applier.Apply(ctx, impersonatorOwner(), objects)
	return err
}

// removeImpersonator removes the role that a command made.
func removeImpersonator(ctx context.Context, applier *kube.Applier) error {
	objects, err := encode([]runtime.Object{Impersonator()})
	if err != nil {
		return err
	}
	_, err = applier.Remove(ctx, impersonatorOwner(), kube.RefsOf(objects))
	return err
}
