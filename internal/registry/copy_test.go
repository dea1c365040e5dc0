package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

const service = `
apiVersion: v1
kind: Service
metadata:
  name: kafka-0
  namespace: kafka
  uid: u
  resourceVersion: "5"
  generation: 3
  creationTimestamp: "2025-01-02T03:04:05Z"
  finalizers: [service.kubernetes.io/load-balancer-cleanup]
  ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: x}]
  labels: {app: kafka, app.kubernetes.io/managed-by: smm}
  annotations:
    keep: me
    smm.cisco.com/owned-by: ControlPlane/smm
    kubectl.kubernetes.io/last-applied-configuration: "{}"
spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], ports: [{port: 9092}]}
status: {loadBalancer: {}}
`

// The documented rule for Kafka's services: a copy has the peer's ports but an address of its own cluster, and nothing
// of who manages the original.
func TestDocumentedCopy(t *testing.T) {
	rules := read[[]v1alpha1.SyncRule](t, `
- match: [{labels: [{matchLabels: {app: kafka}}], objectKey: {}}]
  mutations: {overrides: [{path: /spec/clusterIP, type: remove}, {path: "/spec/clusterIPs?", type: remove}]}`)
	original := object(t, service)
	copied, err := Copy(original, rules, "id-1")
	if err != nil {
		t.Fatal(err)
	}
	want := object(t, `
apiVersion: v1
kind: Service
metadata:
  name: kafka-0
  namespace: kafka
  labels: {app: kafka, cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-1}
  annotations: {keep: me, cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-1}
spec: {ports: [{port: 9092}]}`)
	if diff := cmp.Diff(want.Object, copied.Object); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(object(t, service).Object, original.Object); diff != "" {
		t.Errorf("the original changed:\n%s", diff)
	}
}

// All mutations together; the copy of another kind, name and namespace leads back to its original.
func TestMutatedCopy(t *testing.T) {
	rules := read[[]v1alpha1.SyncRule](t, `
- mutations:
    labels: {add: {a: b}, remove: [app]}
    groupVersionKind: {group: example.org, kind: Copy}
    syncStatus: true
- mutations:
    annotations: {add: {c: d}, remove: [keep]}
    overrides:
    - {path: /metadata/name, value: other}
    - {path: /metadata/namespace, value: elsewhere}
    - {path: /spec, value: "{x: 1}", parseValue: true}`)
	copied, err := Copy(object(t, service), rules, "id-1")
	if err != nil {
		t.Fatal(err)
	}
	want := object(t, `
apiVersion: example.org/v1
kind: Copy
metadata:
  name: other
  namespace: elsewhere
  labels: {a: b, cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-1}
  annotations:
    c: d
    cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-1
    cluster-registry.k8s.cisco.com/original-group-version-kind: /v1, Kind=Service
    cluster-registry.k8s.cisco.com/original-name: kafka-0
    cluster-registry.k8s.cisco.com/original-namespace: kafka
spec: {x: 1}
status: {loadBalancer: {}}`)
	if diff := cmp.Diff(want.Object, copied.Object); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := originOf(copied), (objectKey{schema.GroupVersionKind{Version: "v1", Kind: "Service"}, "kafka", "kafka-0"}); got != want {
		t.Errorf("the copy leads to %v, want %v", got, want)
	}
}

// Writing a copy keeps what its own cluster keeps in it, and takes back everything else.
func TestUpdated(t *testing.T) {
	live := object(t, `
apiVersion: v1
kind: Service
metadata:
  name: a
  namespace: n
  uid: u
  resourceVersion: "5"
  finalizers: [service.kubernetes.io/load-balancer-cleanup]
  labels: {stray: x, topology.kubernetes.io/zone: z}
  annotations: {stray: x, service.beta.kubernetes.io/lb: "yes"}
spec: {clusterIP: 10.0.0.9, changed: true}
status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}`)
	desired := object(t, `
apiVersion: v1
kind: Service
metadata: {name: a, namespace: n, labels: {a: b}, annotations: {c: d}}
spec: {ports: [{port: 1}]}`)
	want := object(t, `
apiVersion: v1
kind: Service
metadata:
  name: a
  namespace: n
  uid: u
  resourceVersion: "5"
  finalizers: [service.kubernetes.io/load-balancer-cleanup]
  labels: {a: b, topology.kubernetes.io/zone: z}
  annotations: {c: d, service.beta.kubernetes.io/lb: "yes"}
spec: {ports: [{port: 1}]}
status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}`)
	next := updated(live, desired)
	if diff := cmp.Diff(want.Object, next.Object); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !sameContent(next, updated(next, desired)) {
		t.Error("a copy as it has to be would be written again")
	}
}

// Whatever a rule says, a copy is made or refused, and its original stays what it is.
func FuzzCopy(f *testing.F) {
	f.Add("/metadata/name", "x", "a", false)
	f.Add("/metadata", "", "app", true)
	f.Add("/metadata", "text", "app", false)
	f.Add("/metadata/annotations?/x", "1", "smm.cisco.com/owned-by", false)
	f.Fuzz(func(t *testing.T, path, value, key string, remove bool) {
		patch := servicemeshv1alpha1.OverlayPatch{Path: path, Value: value}
		if remove {
			patch.Type = servicemeshv1alpha1.OverlayPatchRemove
		}
		rule := v1alpha1.SyncRule{Mutations: v1alpha1.Mutations{
			Labels:    &v1alpha1.LabelMutations{Add: map[string]string{key: value}, Remove: []string{value}},
			Overrides: []servicemeshv1alpha1.OverlayPatch{patch},
		}}
		original := object(t, service)
		copied, err := Copy(original, []v1alpha1.SyncRule{rule}, "id")
		if err == nil && ownerOf(copied) != "id" {
			t.Fatalf("the copy does not say that it is one: %v", copied.GetAnnotations())
		}
		if diff := cmp.Diff(object(t, service).Object, original.Object); diff != "" {
			t.Fatalf("the original changed:\n%s", diff)
		}
	})
}

func names(objects []*unstructured.Unstructured) []string {
	list := make([]string, 0, len(objects))
	for _, o := range objects {
		list = append(list, keyOf(o).String())
	}
	return list
}
