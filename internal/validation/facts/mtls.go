package facts

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	security "istio.io/api/security/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
)

// MutualTLS is what PeerAuthentications ask of a workload.
type MutualTLS struct {
	Mode security.PeerAuthentication_MutualTLS_Mode
	// Policy is the PeerAuthentication that says so; nil for Istio's default, which is PERMISSIVE.
	Policy *validation.Object
}

// MutualTLSOf returns what applies to the workloads of a namespace that have the labels given: the policy of the
// workload, else that of the namespace, else that of the mesh. The oldest policy of each level counts.
func MutualTLSOf(v validation.View, namespace string, podLabels map[string]string) MutualTLS {
	levels := [][]*validation.Object{policies(v, namespace, podLabels), policies(v, namespace, nil)}
	if root := RootNamespace(v); root != namespace {
		levels = append(levels, policies(v, root, nil))
	}
	for _, level := range levels {
		for _, o := range level {
			mode := validation.SpecOf[*security.PeerAuthentication](o).GetMtls().GetMode()
			if mode != security.PeerAuthentication_MutualTLS_UNSET {
				return MutualTLS{Mode: mode, Policy: o}
			}
		}
	}
	return MutualTLS{Mode: security.PeerAuthentication_MutualTLS_PERMISSIVE}
}

// policies returns the PeerAuthentications of a namespace whose selector fits, oldest first: those without selector
// when podLabels is nil.
func policies(v validation.View, namespace string, podLabels map[string]string) []*validation.Object {
	var found []*validation.Object
	for _, o := range v.In(validation.PeerAuthentication, namespace) {
		selector := validation.SpecOf[*security.PeerAuthentication](o).GetSelector().GetMatchLabels()
		if podLabels == nil && len(selector) == 0 ||
			podLabels != nil && len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(podLabels)) {
			found = append(found, o)
		}
	}
	slices.SortStableFunc(found, func(a, b *validation.Object) int { return a.Created.Compare(b.Created) })
	return found
}
