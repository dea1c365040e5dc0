package mspider

import (
	"strings"
	"testing"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// around is what the owner of the planned mesh sees of its three clusters.
func around(t *testing.T) surroundings {
	mesh, clusters := documented(t)
	return surroundings{
		here: "mdemo-cluster1", meshes: []discoveryv3alpha1.GlobalMesh{*mesh}, meshClusters: clusters,
		controlPlanes: read[[]v1alpha1.IstioControlPlane](t, `
- metadata: {name: mdemo-mesh, namespace: istio-system, generation: 2}
  status: {status: Available, observedGeneration: 2}
`),
		peers: read[[]v1alpha1.PeerIstioControlPlane](t, `
- metadata: {name: mdemo-mesh-mdemo-cluster2, namespace: istio-system, annotations: {cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id2}}
  spec: {meshID: mdemo-mesh}
  status: {status: Available}
`),
		registered: read[[]clusterregistryv1alpha1.Cluster](t, `
- metadata: {name: mdemo-cluster1}
  spec: {clusterID: id1}
  status: {state: Ready, type: Local}
- metadata: {name: mdemo-cluster2}
  spec: {clusterID: id2}
  status: {state: Ready, type: Peer}
- metadata: {name: mdemo-cluster3}
  spec: {clusterID: id3}
  status: {state: Ready, type: Peer}
`),
	}
}

// A cluster is connected once its control plane is available; one that does not answer any more is neither forgotten nor
// said to be connected.
func TestConnection(t *testing.T) {
	for name, test := range map[string]struct {
		cluster int
		change  func(*surroundings)
		phase   discoveryv3alpha1.ClusterPhase
		message string
	}{
		"this cluster":              {0, nil, discoveryv3alpha1.ClusterConnected, "available"},
		"this cluster, not yet":     {0, func(s *surroundings) { s.controlPlanes[0].Generation++ }, discoveryv3alpha1.ClusterConnecting, "not available yet"},
		"a worker":                  {1, nil, discoveryv3alpha1.ClusterConnected, "available"},
		"a worker that begins":      {2, nil, discoveryv3alpha1.ClusterConnecting, "as soon as it has copies"},
		"a worker that fails":       {1, func(s *surroundings) { s.peers[0].Status = v1alpha1.IstioControlPlaneStatus{ErrorMessage: "why"} }, discoveryv3alpha1.ClusterConnecting, "why"},
		"a worker nobody knows":     {1, func(s *surroundings) { s.registered = s.registered[:1] }, discoveryv3alpha1.ClusterConnecting, "bring the clusters together"},
		"a worker that is away":     {1, func(s *surroundings) { s.registered[1].Status.State = "Failed" }, discoveryv3alpha1.ClusterDisconnected, "not reached"},
		"a worker that never was":   {2, func(s *surroundings) { s.registered[2].Status.State = "Failed" }, discoveryv3alpha1.ClusterConnecting, "not reached"},
		"a worker of no known mesh": {1, func(s *surroundings) { s.meshes = nil }, discoveryv3alpha1.ClusterConnecting, "no GlobalMesh"},
		"a cluster of no mesh":      {1, func(s *surroundings) { s.meshes, s.meshClusters[1].Spec.MeshedParams = nil, nil }, discoveryv3alpha1.ClusterConnected, "in no mesh"},
		"an external mesh's owner":  {0, func(s *surroundings) { s.meshes[0].Spec.Mode = discoveryv3alpha1.ModeExternal }, discoveryv3alpha1.ClusterConnected, "somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := around(t)
			if test.change != nil {
				test.change(&seen)
			}
			got := connectionOf(&seen.meshClusters[test.cluster], seen)
			if got.phase != test.phase || !strings.Contains(got.message, test.message) {
				t.Errorf("%s: %q, want %s with %q", got.phase, got.message, test.phase, test.message)
			}
		})
	}
}

// A cluster without a control plane tells of the mesh what its owner tells; what it does not tell now is unknown.
func TestRemoteState(t *testing.T) {
	seen := around(t)
	mesh := &seen.meshes[0]
	mesh.Spec.OwnerCluster = "mdemo-cluster2"
	if got := remoteState(mesh, seen); got.waiting != "" || got.unknown {
		t.Errorf("an owner with a control plane: %+v", got)
	}
	seen.registered[1].Status.State, seen.registered[1].Status.Message = "Failed", "connection refused"
	if got := remoteState(mesh, seen); !got.unknown || !strings.Contains(got.waiting, "connection refused") {
		t.Errorf("an owner that is away: %+v", got)
	}
	mesh.Spec.OwnerCluster = "mdemo-cluster3"
	if got := remoteState(mesh, seen); got.waiting == "" || got.unknown {
		t.Errorf("an owner that begins: %+v", got)
	}
}
