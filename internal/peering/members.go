package peering

import (
	"cmp"
	"slices"
	"strings"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// DefaultNetwork is the network of a control plane that names none.
const DefaultNetwork = "network1"

// NetworkOf is the network of a control plane.
func NetworkOf(spec *v1alpha1.IstioControlPlaneSpec) string {
	return cmp.Or(spec.NetworkName, DefaultNetwork)
}

// Peer is a control plane of the mesh in another cluster, as this cluster knows it.
type Peer struct {
	// ID is the UID of the cluster's kube-system namespace.
	ID string
	// Cluster is the cluster's name in the mesh.
	Cluster string
	// Name is the control plane's, which is its revision.
	Name string
	// Network is the cluster's.
	Network string
	// Passive tells that the cluster uses another one's istiod.
	Passive bool
	// Status is what the control plane says of itself.
	Status v1alpha1.IstioControlPlaneStatus
}

// Peers are the control planes of other clusters that are in the mesh of this one, by cluster and name. Which cluster a
// copy comes from is known by the mark of whoever copied it; one without is somebody's own and no peer.
func Peers(icp *v1alpha1.IstioControlPlane, known []v1alpha1.PeerIstioControlPlane) []Peer {
	var peers []Peer
	for i := range known {
		copied := &known[i]
		id := copied.Annotations[clusterregistryv1alpha1.OwnershipAnnotation]
		if id == "" || copied.Namespace != icp.Namespace || copied.Spec.MeshID != icp.Spec.MeshID || copied.DeletionTimestamp != nil {
			continue
		}
		peers = append(peers, Peer{
			ID:      id,
			Cluster: cmp.Or(copied.Spec.ClusterID, copied.Status.ClusterID),
			Name:    cmp.Or(copied.Annotations[clusterregistryv1alpha1.OriginalNameAnnotation], copied.Name),
			Network: NetworkOf(&copied.Spec),
			Passive: copied.Spec.Mode == v1alpha1.ModePassive,
			Status:  copied.Status,
		})
	}
	slices.SortFunc(peers, func(a, b Peer) int {
		return cmp.Or(strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.Name, b.Name))
	})
	return peers
}

// Active is the peer whose istiod a passive control plane uses: one of the same revision, of the same network if there
// is one. nil when there is none.
func Active(icp *v1alpha1.IstioControlPlane, peers []Peer) *Peer {
	var chosen *Peer
	network := NetworkOf(&icp.Spec)
	for i := range peers {
		peer := &peers[i]
		if peer.Passive || peer.Name != icp.Name {
			continue
		}
		if chosen == nil || peer.Network == network && chosen.Network != network {
			chosen = peer
		}
	}
	return chosen
}

// IstiodAddresses are where the peer's istiod is reached from a network: its pods from their own, the gateway from any
// other.
func (p *Peer) IstiodAddresses(network string) []string {
	if p.Network == network {
		return p.Status.IstiodAddresses
	}
	return p.Status.GatewayAddress
}

// ForeignRoots are the root certificates of the mesh's other control planes that are not this one's own. None is known
// to be foreign before the own root is known.
func ForeignRoots(icp *v1alpha1.IstioControlPlane, peers []Peer) []string {
	own := strings.TrimSpace(icp.Status.CARootCertificate)
	var roots []string
	for i := range peers {
		root := strings.TrimSpace(peers[i].Status.CARootCertificate)
		if own == "" || root == "" || root == own || peers[i].Passive || slices.Contains(roots, root) {
			continue
		}
		roots = append(roots, root)
	}
	return roots
}
