package registry

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// Pairs sees how this cluster gets on with each peer, in what the registry knows nothing of.
type Pairs interface {
	// Run observes until the context ends, and calls changed when conditions are others. What it reads of this cluster
	// is kept by watches.
	Run(ctx context.Context, cluster client.Reader, changed func())
	// Conditions are what was seen last of the peer with the ID, without times; nil before anything was seen.
	Conditions(clusterID string) []v1alpha1.ClusterCondition
}

// pairConditions are those that tell of a pair of clusters.
func pairConditions() []v1alpha1.ClusterConditionType {
	return []v1alpha1.ClusterConditionType{
		v1alpha1.ClusterConditionCredential, v1alpha1.ClusterConditionEndpoints,
		v1alpha1.ClusterConditionGateway, v1alpha1.ClusterConditionTrust,
	}
}

// describePair makes the conditions that tell of the pair those that follow from the facts. What nothing was seen of yet
// stays as it is known.
func describePair(conditions *[]v1alpha1.ClusterCondition, facts peerFacts, now time.Time) {
	var told []v1alpha1.ClusterCondition
	if !facts.disabled {
		told = append([]v1alpha1.ClusterCondition{credentialCondition(facts, now)}, facts.observed...)
	}
	if facts.disabled || facts.observed != nil {
		*conditions = slices.DeleteFunc(*conditions, func(known v1alpha1.ClusterCondition) bool {
			again := slices.ContainsFunc(told, func(c v1alpha1.ClusterCondition) bool { return c.Type == known.Type })
			return slices.Contains(pairConditions(), known.Type) && !again
		})
	}
	for _, condition := range told {
		putCondition(conditions, condition, now)
	}
}

// credentialCondition tells whether the credential for the peer is valid, and until when.
func credentialCondition(facts peerFacts, now time.Time) v1alpha1.ClusterCondition {
	condition := v1alpha1.ClusterCondition{Type: v1alpha1.ClusterConditionCredential, Status: corev1.ConditionFalse}
	until := facts.valid.until
	switch {
	case facts.missingAuth != "":
		condition.Reason, condition.Message = "CredentialMissing", facts.missingAuth
	case isBadKubeconfig(facts.failure):
		condition.Reason, condition.Message = "CredentialMalformed", oneLine(facts.failure)
	case apierrors.IsUnauthorized(facts.failure), !until.IsZero() && now.After(until):
		condition.Reason, condition.Message = "CredentialRefused", facts.valid.explain(now)
	case until.IsZero():
		condition.Status, condition.Reason, condition.Message = corev1.ConditionTrue, "CredentialWithoutEnd", "it tells no end"
	default:
		condition.Status, condition.Reason, condition.Message = corev1.ConditionTrue, "CredentialValid", "until "+until.UTC().Format(time.RFC3339)
	}
	return condition
}

// addPairing adds what others are told of how this cluster sees a peer. Of two Clusters with one ID the first counts.
func addPairing(pairings []v1alpha1.ClusterPairing, c *v1alpha1.Cluster, status v1alpha1.ClusterStatus) []v1alpha1.ClusterPairing {
	if slices.ContainsFunc(pairings, func(p v1alpha1.ClusterPairing) bool { return p.ClusterID == c.Spec.ClusterID }) {
		return pairings
	}
	pairing := v1alpha1.ClusterPairing{Cluster: c.Name, ClusterID: c.Spec.ClusterID, State: status.State, Message: status.Message}
	for _, condition := range status.Conditions {
		if slices.Contains(pairConditions(), condition.Type) {
			pairing.Conditions = append(pairing.Conditions, condition)
		}
	}
	return append(pairings, pairing)
}
