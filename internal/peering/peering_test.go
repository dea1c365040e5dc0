package peering_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/peering"
)

func read[T any](t *testing.T, text string) T {
	t.Helper()
	var into T
	if err := yaml.UnmarshalStrict([]byte(text), &into); err != nil {
		t.Fatal(err)
	}
	return into
}

// told are the copies that a cluster has of others' control planes.
func told(t *testing.T) []v1alpha1.PeerIstioControlPlane {
	return read[[]v1alpha1.PeerIstioControlPlane](t, `
- metadata:
    name: cp-far
    namespace: istio-system
    annotations: {cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-far, cluster-registry.k8s.cisco.com/original-name: cp}
  spec: {meshID: mesh1, clusterID: far, networkName: elsewhere}
  status: {status: Available, caRootCertificate: "far\n", istiodAddresses: [10.0.0.1], gatewayAddress: [192.0.2.1]}
- metadata:
    name: cp-near
    namespace: istio-system
    annotations: {cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-near, cluster-registry.k8s.cisco.com/original-name: cp}
  spec: {meshID: mesh1, clusterID: near}
  status: {status: Reconciling, caRootCertificate: own, istiodAddresses: [10.0.0.2], conditions: [{type: Ready, status: "False", reason: r, lastTransitionTime: null, message: istiod starts}]}
- metadata:
    name: cp-helped
    namespace: istio-system
    annotations: {cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-helped, cluster-registry.k8s.cisco.com/original-name: cp}
  spec: {meshID: mesh1, clusterID: helped, mode: PASSIVE}
  status: {caRootCertificate: another}
- metadata: {name: cp-own, namespace: istio-system}
  spec: {meshID: mesh1, clusterID: nobody}
- metadata:
    name: cp-other
    namespace: istio-system
    annotations: {cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-other}
  spec: {meshID: mesh2, clusterID: other}
`)
}

// Peers are those of the mesh that a cluster told of itself. The istiod of the same network comes first, and is reached
// at its pods; that of another network through its gateway. Only roots of other authorities are foreign.
func TestPeers(t *testing.T) {
	icp := read[v1alpha1.IstioControlPlane](t, `
metadata: {name: cp, namespace: istio-system}
spec: {meshID: mesh1, mode: PASSIVE}
status: {caRootCertificate: "own\n"}
`)
	peers := peering.Peers(&icp, told(t))
	var names []string
	for _, peer := range peers {
		names = append(names, peer.Cluster)
	}
	if diff := cmp.Diff([]string{"far", "helped", "near"}, names); diff != "" {
		t.Errorf("peers:\n%s", diff)
	}
	active := peering.Active(&icp, peers)
	if active == nil || active.Cluster != "near" {
		t.Fatalf("the istiod of %+v is used", active)
	}
	if diff := cmp.Diff([]string{"10.0.0.2"}, active.IstiodAddresses("network1")); diff != "" {
		t.Errorf("addresses on the same network:\n%s", diff)
	}
	icp.Spec.NetworkName = "elsewhere"
	if active = peering.Active(&icp, peers); active.Cluster != "far" {
		t.Errorf("from another network, the istiod of %s is used", active.Cluster)
	}
	if diff := cmp.Diff([]string{"192.0.2.1"}, active.IstiodAddresses("third")); diff != "" {
		t.Errorf("addresses on another network:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"far"}, peering.ForeignRoots(&icp, peers)); diff != "" {
		t.Errorf("foreign roots:\n%s", diff)
	}
	icp.Status.CARootCertificate = ""
	if roots := peering.ForeignRoots(&icp, peers); len(roots) > 0 {
		t.Errorf("%v are foreign before the own root is known", roots)
	}
	icp.Name = "another"
	if active := peering.Active(&icp, peers); active != nil {
		t.Errorf("the istiod of another revision is used: %+v", active)
	}
}

// A cluster that does not answer is shown as unknown, with what was known of it.
func TestOverview(t *testing.T) {
	known := peering.Known{
		ControlPlanes: read[[]v1alpha1.IstioControlPlane](t, `
- metadata: {name: cp, namespace: istio-system}
  spec: {clusterID: here}
  status: {status: Available}
`),
		Peers: told(t)[:2],
		Clusters: read[[]clusterregistryv1alpha1.Cluster](t, `
- metadata: {name: here}
  spec: {clusterID: id-here}
  status: {state: Ready, type: Local, version: v1.36.3, locality: {region: eu}}
- metadata: {name: far}
  spec: {clusterID: id-far}
  status: {state: Failed, type: Peer, message: connection refused}
- metadata: {name: near}
  spec: {clusterID: id-near}
  status: {state: Ready, type: Peer}
- metadata: {name: empty}
  spec: {clusterID: id-empty}
  status: {state: Ready, type: Peer}
`),
	}
	want := []peering.Member{
		{Cluster: "here", ClusterID: "id-here", Type: "Local", Network: "network1", Mode: "ACTIVE", ControlPlane: "cp.istio-system", Status: "Available", Region: "eu", Kubernetes: "v1.36.3"},
		{Cluster: "empty", ClusterID: "id-empty", Type: "Peer", Status: "Unknown", Message: "nothing is known of a control plane of it"},
		{Cluster: "far", ClusterID: "id-far", Type: "Peer", Network: "elsewhere", Mode: "ACTIVE", ControlPlane: "cp.istio-system", Status: "Unknown", Gateways: []string{"192.0.2.1"}, Message: "connection refused"},
		{Cluster: "near", ClusterID: "id-near", Type: "Peer", Network: "network1", Mode: "ACTIVE", ControlPlane: "cp.istio-system", Status: "Reconciling", Message: "istiod starts"},
	}
	if diff := cmp.Diff(want, peering.Overview(known)); diff != "" {
		t.Error(diff)
	}
}
