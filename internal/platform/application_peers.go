package platform

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// peersOf are the arguments by which the server serves the clusters of the cluster registry too.
func peersOf(cp *smmv1alpha1.ControlPlane, catalogue istio.Catalogue) ([]string, error) {
	if !wantsClusterRegistry(&cp.Spec) {
		return nil, nil
	}
	args := []string{"--cluster-registry=" + namespaceOfClusterRegistry(&cp.Spec)}
	network, err := networkOf(cp, catalogue)
	if network != "" {
		args = append(args, "--network-name="+network)
	}
	return args, err
}

// peerRights let the server read which clusters there are and their credentials, and let the servers of peers see in this
// cluster what its own server sees, except that they act in nobody's name: whose credentials the registry gives them.
func peerRights(registryNamespace string) []runtime.Object {
	name := ApplicationName + "-peers"
	labels := applicationLabels()
	labels[clusterregistryv1alpha1.ReaderAggregatedLabel] = "true"
	meta := metav1.ObjectMeta{Name: name, Namespace: registryNamespace, Labels: applicationLabels()}
	return []runtime.Object{
		&rbacv1.Role{TypeMeta: rbacType("Role"), ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list", "watch"}},
		}},
		&rbacv1.RoleBinding{
			TypeMeta: rbacType("RoleBinding"), ObjectMeta: meta,
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects: applicationSubject(),
		},
		&rbacv1.ClusterRole{
			TypeMeta: rbacType("ClusterRole"), ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
			Rules: append(applicationReads(), rbacv1.PolicyRule{
				APIGroups: []string{""}, Resources: []string{"services/proxy"}, ResourceNames: metricsProxied(), Verbs: []string{"get", "create"},
			}),
		},
	}
}
