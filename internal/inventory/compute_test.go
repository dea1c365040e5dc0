package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/inventory"
)

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var object T
	if err := yaml.UnmarshalStrict([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func controlledBy(kind, name string) []metav1.OwnerReference {
	controller := true
	return []metav1.OwnerReference{{Kind: kind, Name: name, Controller: &controller}}
}

// shop is a namespace with a Deployment in the mesh, one that has no pods, and a pod of its own outside.
func shop(t *testing.T) inventory.Objects {
	t.Helper()
	pod := func(name, annotations, phase string, owners []metav1.OwnerReference) corev1.Pod {
		pod := parse[corev1.Pod](t, `
metadata: {namespace: shop, name: `+name+`, labels: {app: cart, version: v1}, annotations: {`+annotations+`}}
spec: {nodeName: n1, containers: [{name: cart, image: cart:1}]}
status:
  phase: `+phase+`
  conditions: [{type: Ready, status: "True"}]
  containerStatuses: [{name: cart, ready: true, restartCount: 2, image: "", imageID: "", state: {running: {}}}]
`)
		pod.OwnerReferences = owners
		return pod
	}
	const injected = `sidecar.istio.io/status: '{"revision":"cp-v131x"}'`
	return inventory.Objects{
		Cluster:    "c1",
		Namespaces: []corev1.Namespace{parse[corev1.Namespace](t, `metadata: {name: shop, labels: {istio.io/rev: cp-v131x.istio-system}}`)},
		Services: []corev1.Service{
			parse[corev1.Service](t, `{metadata: {namespace: shop, name: idle}, spec: {clusterIP: None, selector: {app: idle}, ports: [{name: tcp, port: 9}]}}`),
			parse[corev1.Service](t, `{metadata: {namespace: shop, name: cart}, spec: {type: ClusterIP, clusterIP: 10.0.0.1, selector: {app: cart}, ports: [{name: http-api, port: 80}, {name: x, port: 1, appProtocol: GRPC}]}}`),
			parse[corev1.Service](t, `{metadata: {namespace: shop, name: elsewhere}, spec: {type: ExternalName, externalName: example.org}}`),
		},
		Owners: []inventory.OwnerObject{
			{Kind: "Deployment", Object: metav1.ObjectMeta{Namespace: "shop", Name: "cart-v1"}, Wanted: 2, Template: map[string]string{"app": "cart", "version": "v1"}},
			{Kind: "Deployment", Object: metav1.ObjectMeta{Namespace: "shop", Name: "idle"}, Wanted: 0, Template: map[string]string{"app": "idle"}},
			{Kind: "ReplicaSet", Object: metav1.ObjectMeta{Namespace: "shop", Name: "cart-v1-abc", OwnerReferences: controlledBy("Deployment", "cart-v1")}},
		},
		Pods: []corev1.Pod{
			pod("cart-v1-abc-1", injected+`, inject.istio.io/templates: grpc-agent`, "Running", controlledBy("ReplicaSet", "cart-v1-abc")),
			pod("by-hand", "", "Running", nil),
		},
	}
}

func TestWorkloadsAreWhatControlsPodsInTheEnd(t *testing.T) {
	found := inventory.Compute(shop(t))
	type row struct {
		Name, Kind, App, Version string
		Pods, Ready              int
		Wanted                   int32
		InMesh                   bool
	}
	var got []row
	for _, w := range found.Workloads {
		got = append(got, row{w.Name, w.Kind, w.App, w.Version, len(w.Pods), w.Ready(), w.Wanted, w.InMesh})
	}
	want := []row{
		{"by-hand", "Pod", "cart", "v1", 1, 1, 1, false},
		{"cart-v1", "Deployment", "cart", "v1", 1, 1, 2, true},
		{"idle", "Deployment", "idle", "", 0, 0, 0, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	pod := found.Workloads[1].Pods[0]
	if pod.Revision != "cp-v131x" || !pod.Proxyless || pod.Restarts != 2 || pod.Containers[0].State != "running" {
		t.Errorf("pod %+v", pod)
	}
	if found.Namespaces[0].Revision != "cp-v131x.istio-system" {
		t.Errorf("namespace %+v", found.Namespaces[0])
	}
}

func TestServicesKnowTheWorkloadsBehindThem(t *testing.T) {
	found := inventory.Compute(shop(t))
	type row struct {
		Name, Address string
		Workloads     []string
		Protocols     []string
		InMesh        bool
	}
	var got []row
	for _, s := range found.Services {
		var protocols []string
		for _, port := range s.Ports {
			protocols = append(protocols, port.Protocol)
		}
		got = append(got, row{s.Name, s.Address, s.Workloads, protocols, s.InMesh})
	}
	want := []row{
		{"cart", "10.0.0.1", []string{"by-hand", "cart-v1"}, []string{"http", "grpc"}, true},
		{"elsewhere", "", nil, nil, false},
		{"idle", "", []string{"idle"}, []string{"tcp"}, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNumbersCountOnlyWhatIsVisible(t *testing.T) {
	found := inventory.Compute(shop(t))
	all := found.Count(func(string) bool { return true })
	want := inventory.Numbers{Services: 3, ServicesInMesh: 1, Workloads: 3, WorkloadsInMesh: 1, Pods: 2, PodsInMesh: 1}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
	if none := found.Count(func(string) bool { return false }); none != (inventory.Numbers{}) {
		t.Errorf("invisible, and yet counted: %+v", none)
	}
}

// Owners may name each other; that must not keep the inventory busy for good.
func TestOwnersInACircleEnd(t *testing.T) {
	objects := inventory.Objects{
		Owners: []inventory.OwnerObject{
			{Kind: "A", Object: metav1.ObjectMeta{Name: "a", OwnerReferences: controlledBy("B", "b")}},
			{Kind: "B", Object: metav1.ObjectMeta{Name: "b", OwnerReferences: controlledBy("A", "a")}},
		},
		Pods: []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "p", OwnerReferences: controlledBy("A", "a")}}},
	}
	if found := inventory.Compute(objects); len(found.Workloads) != 1 {
		t.Errorf("workloads %+v", found.Workloads)
	}
}

func TestIDsAreOfTheDocumentedForm(t *testing.T) {
	for text, want := range map[string]inventory.ID{
		"gateway.networking.istio.io:master:istio-system:demo-gw-demo1": {Kind: "gateway", Group: "networking.istio.io", Cluster: "master", Namespace: "istio-system", Name: "demo-gw-demo1"},
		"secret:master:istio-system:example-wildcard-cert":              {Kind: "secret", Cluster: "master", Namespace: "istio-system", Name: "example-wildcard-cert"},
		"clusterrole.rbac.authorization.k8s.io:c1::system:node":         {Kind: "clusterrole", Group: "rbac.authorization.k8s.io", Cluster: "c1", Name: "system:node"},
	} {
		got, err := inventory.ParseID(text)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || got.String() != text {
			t.Errorf("%s became %s\n%s", text, got, diff)
		}
	}
	for _, text := range []string{"", "a:b", "a:b:c", ":b:c:d", "a:b:c:"} {
		if id, err := inventory.ParseID(text); err == nil {
			t.Errorf("%q is read as %+v", text, id)
		}
	}
}
