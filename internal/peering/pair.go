package peering

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// Sight is what one cluster sees of a peer when it looks.
type Sight struct {
	// Istiods are the cluster's own, with what each says of the peer.
	Istiods []IstiodSight
	// Gateways are the addresses of the peer's mesh expansion gateway, with why they do not answer.
	Gateways []GatewaySight
}

// IstiodSight is what an istiod says of its knowledge of a peer.
type IstiodSight struct {
	Address string
	// State of the peer's endpoints in istiod's words: synced, syncing, timeout or closed; "" when it has no credentials
	// for the peer.
	State string
	// Silent tells that the istiod is of a release that does not say.
	Silent bool
	// Failure is why istiod could not be asked.
	Failure error
}

// GatewaySight is what became of connecting to a gateway.
type GatewaySight struct {
	Address string
	Failure error
}

// synced is istiod's word for a cluster all of whose endpoints it knows.
const synced = "synced"

// Judge says how a cluster with a control plane gets on with a peer. What does not apply has no condition: a passive
// control plane has no istiod, and on one network there is no gateway between.
func Judge(icp *v1alpha1.IstioControlPlane, peer *Peer, seen Sight) []clusterregistryv1alpha1.ClusterCondition {
	var conditions []clusterregistryv1alpha1.ClusterCondition
	if icp.Spec.Mode != v1alpha1.ModePassive {
		conditions = append(conditions, judgeEndpoints(seen.Istiods))
	}
	if peer.Network != NetworkOf(&icp.Spec) {
		conditions = append(conditions, judgeGateway(seen.Gateways))
	}
	return append(conditions, judgeTrust(&icp.Status, peer))
}

func condition(kind clusterregistryv1alpha1.ClusterConditionType, status corev1.ConditionStatus, reason, message string) clusterregistryv1alpha1.ClusterCondition {
	return clusterregistryv1alpha1.ClusterCondition{Type: kind, Status: status, Reason: reason, Message: message}
}

// judgeEndpoints: one istiod that does not know the peer's endpoints is enough for calls to fail.
func judgeEndpoints(istiods []IstiodSight) clusterregistryv1alpha1.ClusterCondition {
	const kind = clusterregistryv1alpha1.ClusterConditionEndpoints
	unknown := ""
	if len(istiods) == 0 {
		unknown = "no istiod runs"
	}
	for _, istiod := range istiods {
		switch {
		case istiod.Failure != nil:
			unknown = fmt.Sprintf("istiod at %s does not answer: %v", istiod.Address, istiod.Failure)
		case istiod.Silent:
			unknown = "this release of istiod does not tell"
		case istiod.State == "":
			return condition(kind, corev1.ConditionFalse, "NoCredentials", fmt.Sprintf("istiod at %s does not read from the cluster", istiod.Address))
		case istiod.State != synced:
			return condition(kind, corev1.ConditionFalse, "EndpointsAreNotSynced", fmt.Sprintf("istiod at %s says: %s", istiod.Address, istiod.State))
		}
	}
	if unknown != "" {
		return condition(kind, corev1.ConditionUnknown, "IstiodDoesNotTell", unknown)
	}
	return condition(kind, corev1.ConditionTrue, "EndpointsAreSynced", "istiod knows the endpoints of the cluster")
}

func judgeGateway(gateways []GatewaySight) clusterregistryv1alpha1.ClusterCondition {
	const kind = clusterregistryv1alpha1.ClusterConditionGateway
	if len(gateways) == 0 {
		return condition(kind, corev1.ConditionFalse, "NoGateway", "the cluster tells no address of its mesh expansion gateway")
	}
	var answering []string
	for _, gateway := range gateways {
		if gateway.Failure != nil {
			return condition(kind, corev1.ConditionFalse, "GatewayDoesNotAnswer", fmt.Sprintf("%s does not answer: %v", gateway.Address, gateway.Failure))
		}
		answering = append(answering, gateway.Address)
	}
	return condition(kind, corev1.ConditionTrue, "GatewayAnswers", strings.Join(answering, ", "))
}

// judgeTrust compares the roots: they are the same, or the mesh config of the own istiod has the peer's.
func judgeTrust(own *v1alpha1.IstioControlPlaneStatus, peer *Peer) clusterregistryv1alpha1.ClusterCondition {
	const kind = clusterregistryv1alpha1.ClusterConditionTrust
	ours, theirs := strings.TrimSpace(own.CARootCertificate), strings.TrimSpace(peer.Status.CARootCertificate)
	switch {
	case ours == "" || theirs == "":
		return condition(kind, corev1.ConditionUnknown, "RootUnknown", "the root certificates are not known yet")
	case ours == theirs:
		return condition(kind, corev1.ConditionTrue, "SameRoot", "same root")
	case slices.Contains(trusted(own), theirs):
		return condition(kind, corev1.ConditionTrue, "Federated", "federated")
	}
	return condition(kind, corev1.ConditionFalse, "ForeignRoot", "the cluster has another root certificate, which is not trusted here")
}

// trusted are the roots of other authorities in the mesh config.
func trusted(status *v1alpha1.IstioControlPlaneStatus) []string {
	var config struct {
		CACertificates []struct {
			PEM string `json:"pem"`
		} `json:"caCertificates"`
	}
	if status.MeshConfig == nil || json.Unmarshal(status.MeshConfig.Raw, &config) != nil {
		return nil
	}
	var roots []string
	for _, certificate := range config.CACertificates {
		roots = append(roots, strings.TrimSpace(certificate.PEM))
	}
	return roots
}

// Worse joins conditions of one pair of clusters that have several control planes: of each type the worst counts.
func Worse(conditions, more []clusterregistryv1alpha1.ClusterCondition) []clusterregistryv1alpha1.ClusterCondition {
	severity := map[corev1.ConditionStatus]int{corev1.ConditionTrue: 0, corev1.ConditionUnknown: 1, corev1.ConditionFalse: 2}
	joined := slices.Clone(conditions)
	for _, next := range more {
		i := slices.IndexFunc(joined, func(c clusterregistryv1alpha1.ClusterCondition) bool { return c.Type == next.Type })
		switch {
		case i < 0:
			joined = append(joined, next)
		case severity[next.Status] > severity[joined[i].Status]:
			joined[i] = next
		}
	}
	return joined
}
