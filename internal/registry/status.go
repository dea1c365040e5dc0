package registry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// localFacts are what the status of this cluster's own Cluster is made of.
type localFacts struct {
	metadata v1alpha1.ClusterMetadata
	failure  error    // why the metadata or the credentials are not there
	rivals   []string // names of other Clusters with the same ID
	notReady []string // peers that are not in sync
	problems []string // objects that are not in sync
	pairings []v1alpha1.ClusterPairing
}

// localStatus is the status of this cluster's own Cluster.
func localStatus(before v1alpha1.ClusterStatus, facts localFacts, now time.Time) v1alpha1.ClusterStatus {
	status := v1alpha1.ClusterStatus{
		State: v1alpha1.ClusterStateReady, Type: v1alpha1.ClusterTypeLocal,
		ClusterMetadata: facts.metadata, Pairings: facts.pairings, Conditions: slices.Clone(before.Conditions),
	}
	set := func(kind v1alpha1.ClusterConditionType, holds bool, yes, no [2]string) {
		setCondition(&status.Conditions, kind, holds, yes, no, now)
	}
	set(v1alpha1.ClusterConditionLocalCluster, true, [2]string{"ClusterIsLocal", "this is the cluster that the resource is in"}, [2]string{})
	conflict := fmt.Sprintf("%s has the same cluster ID: delete one of them", strings.Join(facts.rivals, ", "))
	set(v1alpha1.ClusterConditionLocalConflict, len(facts.rivals) > 0,
		[2]string{"LocalClusterIsConflicting", conflict}, [2]string{"LocalClusterIsNotConflicting", "no other Cluster has this ID"})
	message := ""
	if facts.failure != nil {
		message = oneLine(facts.failure)
	}
	set(v1alpha1.ClusterConditionMetadata, facts.failure == nil,
		[2]string{"ClusterMetadataSet", "what is known of the cluster is in its status"}, [2]string{"ClusterMetadataIsNotSet", message})
	if len(facts.rivals) > 0 {
		message = conflict
	}
	if message != "" {
		status.State, status.Message = v1alpha1.ClusterStateFailed, message
	}
	set(v1alpha1.ClusterConditionReady, message == "",
		[2]string{"ClusterIsReady", "the cluster is ready"}, [2]string{"ClusterIsNotReady", message})
	open := append(slices.Clone(facts.notReady), facts.problems...)
	set(v1alpha1.ClusterConditionSynced, len(open) == 0,
		[2]string{"ClustersAreSynced", "everything is in sync with all peers"}, [2]string{"ClustersAreNotSynced", shorten(open)})
	return status
}

// peerFacts are what the status of a peer's Cluster is made of.
type peerFacts struct {
	disabled    bool
	missingAuth string // what the credentials lack
	failure     error  // why the peer cannot be used
	unknown     []string
	valid       validity
	observed    []v1alpha1.ClusterCondition // what was seen of the pair
	self        *v1alpha1.Cluster           // what the peer says of itself; nil for unknown
}

// peerStatus is the status of a peer's Cluster. What is known of a peer stays while it does not answer.
func peerStatus(before v1alpha1.ClusterStatus, facts peerFacts, now time.Time) v1alpha1.ClusterStatus {
	status := v1alpha1.ClusterStatus{
		State: v1alpha1.ClusterStateReady, Type: v1alpha1.ClusterTypePeer,
		ClusterMetadata: before.ClusterMetadata, Pairings: before.Pairings, Conditions: slices.Clone(before.Conditions),
	}
	if facts.self != nil {
		status.ClusterMetadata, status.Pairings = facts.self.Status.ClusterMetadata, facts.self.Status.Pairings
	}
	describePair(&status.Conditions, facts, now)
	set := func(kind v1alpha1.ClusterConditionType, holds bool, yes, no [2]string) {
		setCondition(&status.Conditions, kind, holds, yes, no, now)
	}
	set(v1alpha1.ClusterConditionLocalCluster, false, [2]string{}, [2]string{"ClusterIsNotLocal", "the cluster is a peer"})
	if facts.disabled {
		status.State, status.Message = v1alpha1.ClusterStateDisabled, "an annotation says not to use the cluster"
		set(v1alpha1.ClusterConditionReady, false, [2]string{}, [2]string{"ClusterIsDisabled", status.Message})
		return status
	}
	switch {
	case facts.missingAuth != "":
		status.State, status.Message = v1alpha1.ClusterStateMissingAuthInfo, facts.missingAuth
	case facts.failure != nil && (apierrors.IsUnauthorized(facts.failure) || isBadKubeconfig(facts.failure)):
		status.State, status.Message = v1alpha1.ClusterStateInvalidAuthInfo, explain(facts.failure, facts.valid, now)
	case facts.failure != nil:
		status.State, status.Message = v1alpha1.ClusterStateFailed, explain(facts.failure, facts.valid, now)
	}
	ready := "the cluster answers"
	if !facts.valid.until.IsZero() {
		ready += "; its credential is valid until " + facts.valid.until.UTC().Format(time.RFC3339)
	}
	set(v1alpha1.ClusterConditionReady, status.Message == "",
		[2]string{"ClusterIsReady", ready}, [2]string{"ClusterIsNotReady", status.Message})
	open := facts.unknown
	if status.Message != "" {
		open = []string{status.Message}
	}
	set(v1alpha1.ClusterConditionSynced, len(open) == 0,
		[2]string{"ClustersAreSynced", "everything that rules ask of the cluster is known"}, [2]string{"ClustersAreNotSynced", shorten(open)})
	return status
}

func setCondition(conditions *[]v1alpha1.ClusterCondition, kind v1alpha1.ClusterConditionType, holds bool, yes, no [2]string, now time.Time) {
	next := v1alpha1.ClusterCondition{Type: kind, Status: corev1.ConditionFalse, Reason: no[0], Message: no[1]}
	if holds {
		next.Status, next.Reason, next.Message = corev1.ConditionTrue, yes[0], yes[1]
	}
	putCondition(conditions, next, now)
}

// putCondition leaves a condition that says the same as before untouched, times and all.
func putCondition(conditions *[]v1alpha1.ClusterCondition, next v1alpha1.ClusterCondition, now time.Time) {
	next.LastHeartbeatTime = metav1.NewTime(now.Truncate(time.Second))
	next.LastTransitionTime = next.LastHeartbeatTime
	for i := range *conditions {
		known := &(*conditions)[i]
		if known.Type != next.Type {
			continue
		}
		if known.Status == next.Status {
			next.LastTransitionTime = known.LastTransitionTime
		}
		if known.Status != next.Status || known.Reason != next.Reason || known.Message != next.Message {
			*known = next
		}
		return
	}
	*conditions = append(*conditions, next)
}

// shorten lists the first of what is wrong and counts the rest.
func shorten(messages []string) string {
	const most = 3
	slices.Sort(messages)
	if len(messages) <= most {
		return strings.Join(messages, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(messages[:most], "; "), len(messages)-most)
}
