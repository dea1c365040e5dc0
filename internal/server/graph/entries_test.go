package graph_test

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/internal/signin"
)

// Machines outside of Kubernetes are workloads, whose addresses are for who may list WorkloadEntries.
func TestMachinesAreShownToWhoMayListThem(t *testing.T) {
	l := newLab(t)
	for _, namespace := range []string{l.open, l.closed} {
		l.create(t, namespace, `{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: machine},
		  spec: {address: 10.9.9.9, serviceAccount: default, labels: {app: ledger}}}`)
	}
	rights := l.client.RbacV1()
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "pods"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}}},
	}
	bob := signin.User{Name: "bob-of-" + l.open}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "pods"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "pods"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: bob.Name}},
	}
	if _, err := rights.Roles(l.open).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := rights.RoleBindings(l.open).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	query := func(namespace string) string {
		return `{ workload(id: "workloadentry.networking.istio.io:c1:` + namespace + `:machine") { kind inMesh readyPods wantedPods entries { name address } } }`
	}
	l.waitFor(t, l.admin, query(l.closed), "10.9.9.9")
	const all = `{"workload":{"kind":"WorkloadEntry","inMesh":true,"readyPods":1,"wantedPods":1,"entries":[{"name":"machine","address":"10.9.9.9"}]}}`
	l.waitFor(t, l.jane, query(l.open), all)
	l.waitFor(t, bob, query(l.open), `"entries":[]`)
	for _, user := range []signin.User{l.jane, bob} {
		if answer := l.ask(t, user, query(l.closed)); strings.Contains(answer.data, "machine") || strings.Contains(answer.data, "10.9") {
			t.Errorf("%s is shown %s", user.Name, answer.data)
		}
	}
}
