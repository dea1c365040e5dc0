package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// holding is what one peer is known to have under a name: an object, or nil for none. A peer that is not known about is
// no source.
type holding struct {
	peer   string // the cluster's ID
	object *unstructured.Unstructured
}

// rule is a ResourceSyncRule with the peers that it copies from.
type rule struct {
	name string
	spec *v1alpha1.ResourceSyncRuleSpec
	from map[string]bool // by the cluster's ID
}

// view is what is known about one object of all clusters. local finds objects of this cluster.
type view struct {
	clusterID  string            // of this cluster
	registered map[string]bool   // IDs of the peers that have a Cluster here
	names      map[string]string // of these Clusters, by ID
	answering  map[string]bool   // IDs of those whose objects are known
	sources    []holding
	copies     []*unstructured.Unstructured // this cluster's copies of the object
	local      func(objectKey) *unstructured.Unstructured
	adopted    func(*unstructured.Unstructured) string // the cluster that an object stands for, wherever it is; "" for none
	left       func(id string) bool                    // whether a peer is known to have given up being one
	departed   dismissals                              // those that left, or were taken out of the group
}

// decision is what is to be done about one object. All fields empty: nothing.
type decision struct {
	writes  []write
	remove  []*unstructured.Unstructured
	rule    string // the rule that applies
	problem string // why a rule cannot do what it says
}

// write is a copy that is to be made or changed.
type write struct {
	desired *unstructured.Unstructured // as it is to be
	live    *unstructured.Unstructured // as it is now; nil if it is to be made
	rule    string
}

// decide: the cluster that has the original is the one that is copied from. Another peer's copy of it serves only while
// the original's cluster does not answer, and then only for what is missing here. A copy is deleted when its original
// is known to be gone, or when the cluster of the original has left the group.
func (v view) decide(rules []rule) (decision, error) {
	var d decision
	used := map[objectKey]bool{}
	for _, candidate := range v.candidates() {
		w, err := v.use(candidate, rules)
		if err != nil {
			return decision{rule: w.rule}, err
		}
		// Originals of several clusters may have copies apart from each other; of those that have not, the first counts.
		if w.rule == "" || used[keyOf(w.desired)] {
			continue
		}
		used[keyOf(w.desired)] = true
		d.rule = cmp.Or(d.rule, w.rule)
		if allowed, problem := v.mayReplace(w.live, candidate); !allowed {
			d.problem = cmp.Or(d.problem, problem)
			continue
		}
		d.writes = append(d.writes, w)
	}
	for _, object := range v.copies {
		isWritten := slices.ContainsFunc(d.writes, func(w write) bool { return keyOf(w.desired) == keyOf(object) })
		if !isWritten && v.isObsolete(object) {
			d.remove = append(d.remove, object)
		}
	}
	return d, nil
}

// candidate is an original, or a copy that may serve for it.
type candidate struct {
	holding
	owner string // ID of the cluster with the original
}

// candidates are ordered: originals first, of them the one that is the original of what is here already.
func (v view) candidates() []candidate {
	var found []candidate
	for _, s := range v.sources {
		if s.object == nil || s.object.GetDeletionTimestamp() != nil || isSyncDisabled(s.object) {
			continue
		}
		natural := v.adopted(s.object)
		if natural == "" && isCredential(s.object) {
			continue // it is not known yet whose it is
		}
		owner := cmp.Or(natural, ownerOf(s.object), s.peer)
		second := owner != s.peer
		if owner == v.clusterID || second && (v.answering[owner] || !v.mayKnow(owner, s.object)) {
			continue
		}
		found = append(found, candidate{s, owner})
	}
	rank := func(c candidate) int {
		switch {
		case c.owner != c.peer:
			return 2
		case slices.ContainsFunc(v.copies, func(here *unstructured.Unstructured) bool { return ownerOf(here) == c.owner }):
			return 0
		}
		return 1
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.peer, b.peer))
	})
	return found
}

// mayKnow: of clusters that are not in the group, only the Cluster is taken, by which they come into it. One that was in
// it and left does not come back because others have not noticed yet, but when it has been brought to one of them since.
func (v view) mayKnow(owner string, object *unstructured.Unstructured) bool {
	return v.registered[owner] || isCluster(object) && !v.departed.cover(owner, object.GetCreationTimestamp())
}

// use says what the first rule that applies to the candidate makes of it. No rule is named when none does.
func (v view) use(c candidate, rules []rule) (write, error) {
	for _, r := range rules {
		if !r.from[c.peer] {
			continue
		}
		matching, err := Matching(r.spec, c.object)
		if err != nil {
			return write{rule: r.name}, err
		}
		if len(matching) == 0 {
			continue
		}
		desired, err := Copy(c.object, filled(matching, c.object, v.names[c.owner]), c.owner)
		if err != nil {
			return write{rule: r.name}, err
		}
		return write{desired: desired, live: v.local(keyOf(desired)), rule: r.name}, nil
	}
	return write{}, nil
}

// mayReplace tells whether what is here may become a copy of the candidate, and if not, whether that is a problem.
func (v view) mayReplace(here *unstructured.Unstructured, c candidate) (allowed bool, problem string) {
	if here == nil {
		return true, ""
	}
	owner := v.ownerHere(here)
	switch {
	case isSyncDisabled(here), owner == v.clusterID:
		return false, ""
	case owner == "":
		return false, fmt.Sprintf("%s is this cluster's own", keyOf(here))
	case owner != c.owner && v.registered[owner]:
		return false, fmt.Sprintf("%s is a copy of another cluster's", keyOf(here))
	case c.owner != c.peer && !isRegistration(here):
		return false, "" // it is unknown what the original is like now
	}
	return true, ""
}

// isObsolete tells whether a copy has to go.
func (v view) isObsolete(object *unstructured.Unstructured) bool {
	owner := ownerOf(object)
	if owner == "" || owner == v.clusterID || isSyncDisabled(object) || object.GetDeletionTimestamp() != nil {
		return false
	}
	if !v.registered[owner] {
		return !isCluster(object)
	}
	// A peer that makes new credentials, or its Cluster anew, must not be lost over it.
	if isCredential(object) || isCluster(object) && !v.left(owner) {
		return false
	}
	for _, s := range v.sources {
		if s.peer == owner {
			return s.object == nil || s.object.GetDeletionTimestamp() != nil
		}
	}
	return false
}

// ownerHere is the cluster whose object an object of this cluster is a copy of, "" for this cluster's own.
func (v view) ownerHere(object *unstructured.Unstructured) string {
	return cmp.Or(v.adopted(object), ownerOf(object))
}

func ownerOf(object *unstructured.Unstructured) string {
	return object.GetAnnotations()[v1alpha1.OwnershipAnnotation]
}

func isSyncDisabled(object *unstructured.Unstructured) bool {
	value, set := object.GetAnnotations()[v1alpha1.SyncDisabledAnnotation]
	return set && value != "false"
}

func isCluster(object *unstructured.Unstructured) bool {
	kind := object.GroupVersionKind()
	return kind.Group == v1alpha1.GroupVersion.Group && kind.Kind == v1alpha1.KindCluster
}

// isRegistration tells whether the object is one by which clusters reach each other. From any peer, a newer one may be
// what it takes to reach its cluster again.
func isRegistration(object *unstructured.Unstructured) bool {
	return isCluster(object) || isCredential(object)
}

func isCredential(object *unstructured.Unstructured) bool {
	kind, _, _ := unstructured.NestedString(object.Object, "type")
	return object.GroupVersionKind().Group == "" && object.GetKind() == "Secret" && kind == string(v1alpha1.SecretTypeClusterRegistry)
}
