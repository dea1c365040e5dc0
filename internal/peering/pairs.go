package peering

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// Pair is how one cluster of the mesh gets on with another one, as it sees that itself.
type Pair struct {
	From       string `json:"from"`
	To         string `json:"to"`
	API        string `json:"api"`
	Credential string `json:"credential,omitempty"`
	Endpoints  string `json:"endpoints,omitempty"`
	Gateway    string `json:"gateway,omitempty"`
	Trust      string `json:"trust,omitempty"`
	Message    string `json:"message,omitempty"`
}

// Words of a Pair.
const (
	pairWorks   = "OK"
	pairFails   = "Failed"
	pairUnknown = "Unknown"
)

// Pairs lists every ordered pair of the clusters that one cluster knows. What a cluster that does not answer sees is
// unknown.
func Pairs(clusters []clusterregistryv1alpha1.Cluster) []Pair {
	var pairs []Pair
	for i := range clusters {
		from := &clusters[i]
		for j := range clusters {
			to := &clusters[j]
			if from.Spec.ClusterID != to.Spec.ClusterID {
				pairs = append(pairs, pairOf(from, to))
			}
		}
	}
	slices.SortFunc(pairs, func(a, b Pair) int { return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To)) })
	return pairs
}

func pairOf(from, to *clusterregistryv1alpha1.Cluster) Pair {
	pair := Pair{From: from.Name, To: to.Name, API: pairUnknown}
	i := slices.IndexFunc(from.Status.Pairings, func(p clusterregistryv1alpha1.ClusterPairing) bool { return p.ClusterID == to.Spec.ClusterID })
	switch {
	case from.Status.State != clusterregistryv1alpha1.ClusterStateReady && from.Status.Type != clusterregistryv1alpha1.ClusterTypeLocal:
		pair.Message = from.Name + " does not answer"
		return pair
	case i < 0:
		pair.Message = from.Name + " does not tell of it"
		return pair
	}
	seen := &from.Status.Pairings[i]
	switch seen.State {
	case clusterregistryv1alpha1.ClusterStateReady:
		pair.API = pairWorks
	case clusterregistryv1alpha1.ClusterStateFailed:
		pair.API = pairFails
	default:
		pair.API = string(seen.State)
	}
	messages := []string{seen.Message}
	for i := range seen.Conditions {
		pair.describe(&seen.Conditions[i])
		if told := seen.Conditions[i].Message; seen.Conditions[i].Status != corev1.ConditionTrue && !strings.Contains(seen.Message, told) {
			messages = append(messages, told)
		}
	}
	pair.Message = strings.Join(slices.DeleteFunc(messages, func(m string) bool { return m == "" }), "; ")
	return pair
}

// describe says in a word what a condition does, or how it is true.
func (p *Pair) describe(condition *clusterregistryv1alpha1.ClusterCondition) {
	word, how := pairUnknown, pairUnknown
	switch condition.Status {
	case corev1.ConditionTrue:
		word, how = pairWorks, condition.Message
	case corev1.ConditionFalse:
		word, how = pairFails, pairFails
	}
	switch condition.Type {
	case clusterregistryv1alpha1.ClusterConditionCredential:
		p.Credential = how
	case clusterregistryv1alpha1.ClusterConditionEndpoints:
		p.Endpoints = word
	case clusterregistryv1alpha1.ClusterConditionGateway:
		p.Gateway = word
	case clusterregistryv1alpha1.ClusterConditionTrust:
		p.Trust = how
	}
}
