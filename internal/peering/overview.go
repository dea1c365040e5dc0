package peering

import (
	"cmp"
	"slices"
	"strings"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// Member is a cluster of the mesh with a control plane of it, as one cluster sees it.
type Member struct {
	Cluster      string   `json:"cluster"`
	ClusterID    string   `json:"clusterID,omitempty"`
	Type         string   `json:"type"` // Local or Peer
	Network      string   `json:"network,omitempty"`
	Mode         string   `json:"mode,omitempty"` // ACTIVE or PASSIVE
	ControlPlane string   `json:"controlPlane,omitempty"`
	Status       string   `json:"status"`
	Gateways     []string `json:"gatewayAddresses,omitempty"`
	Message      string   `json:"message,omitempty"`

	Provider     string `json:"provider,omitempty"`
	Distribution string `json:"distribution,omitempty"`
	Region       string `json:"region,omitempty"`
	Kubernetes   string `json:"kubernetesVersion,omitempty"`
}

// Known is what one cluster holds about the mesh.
type Known struct {
	ControlPlanes []v1alpha1.IstioControlPlane
	Peers         []v1alpha1.PeerIstioControlPlane
	Clusters      []clusterregistryv1alpha1.Cluster
}

// StatusUnknown is the status of a control plane whose cluster does not answer.
const StatusUnknown = "Unknown"

// Overview lists the mesh's control planes in all clusters, the own cluster's first. A cluster that is registered and
// of whose control planes nothing is known has one line too.
func Overview(known Known) []Member {
	var members []Member
	listed := map[string]bool{}
	for i := range known.ControlPlanes {
		icp := &known.ControlPlanes[i]
		member := memberOf(&icp.Spec, &icp.Status, icp.Name+"."+icp.Namespace)
		member.Type = string(clusterregistryv1alpha1.ClusterTypeLocal)
		for j := range known.Clusters {
			if c := &known.Clusters[j]; c.Status.Type == clusterregistryv1alpha1.ClusterTypeLocal {
				member.describe(c)
				listed[c.Spec.ClusterID] = true
			}
		}
		members = append(members, member)
	}
	for i := range known.Peers {
		picp := &known.Peers[i]
		name := cmp.Or(picp.Annotations[clusterregistryv1alpha1.OriginalNameAnnotation], picp.Name)
		member := memberOf(&picp.Spec, &picp.Status, name+"."+picp.Namespace)
		member.Type = string(clusterregistryv1alpha1.ClusterTypePeer)
		member.ClusterID = picp.Annotations[clusterregistryv1alpha1.OwnershipAnnotation]
		for j := range known.Clusters {
			if c := &known.Clusters[j]; c.Spec.ClusterID == member.ClusterID {
				member.describe(c)
				member.doubt(c)
			}
		}
		listed[member.ClusterID] = true
		members = append(members, member)
	}
	for i := range known.Clusters {
		c := &known.Clusters[i]
		if listed[c.Spec.ClusterID] {
			continue
		}
		member := Member{Cluster: c.Name, Type: string(c.Status.Type), Status: StatusUnknown, Message: "nothing is known of a control plane of it"}
		member.describe(c)
		member.doubt(c)
		members = append(members, member)
	}
	local := string(clusterregistryv1alpha1.ClusterTypeLocal)
	slices.SortStableFunc(members, func(a, b Member) int {
		if (a.Type == local) != (b.Type == local) {
			if a.Type == local {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.ControlPlane, b.ControlPlane))
	})
	return members
}

func memberOf(spec *v1alpha1.IstioControlPlaneSpec, status *v1alpha1.IstioControlPlaneStatus, revision string) Member {
	member := Member{
		Cluster: cmp.Or(spec.ClusterID, status.ClusterID), Network: NetworkOf(spec), Mode: string(cmp.Or(spec.Mode, v1alpha1.ModeActive)),
		ControlPlane: revision, Status: cmp.Or(string(status.Status), StatusUnknown), Gateways: status.GatewayAddress,
	}
	if status.Status == v1alpha1.ConfigStateAvailable {
		return member
	}
	for _, condition := range status.Conditions {
		if condition.Type == "Ready" {
			member.Message = condition.Message
		}
	}
	return member
}

func (m *Member) describe(c *clusterregistryv1alpha1.Cluster) {
	m.ClusterID = c.Spec.ClusterID
	m.Provider, m.Distribution, m.Kubernetes = c.Status.Provider, c.Status.Distribution, c.Status.Version
	if c.Status.Locality != nil {
		m.Region = c.Status.Locality.Region
	}
}

// doubt: what is known of a cluster that does not answer was true when it last did.
func (m *Member) doubt(c *clusterregistryv1alpha1.Cluster) {
	if c.Status.State != clusterregistryv1alpha1.ClusterStateReady {
		m.Status = StatusUnknown
		m.Message = cmp.Or(c.Status.Message, "the cluster is not connected yet")
	}
}
