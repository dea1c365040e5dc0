package kube

import (
	"crypto/sha256"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// state is an object as it was when applying it was found to change nothing.
type state struct {
	desired         [sha256.Size]byte
	uid             types.UID
	resourceVersion string
	generation      int64
}

func stateOf(desired [sha256.Size]byte, live *unstructured.Unstructured) state {
	return state{desired: desired, uid: live.GetUID(), resourceVersion: live.GetResourceVersion(), generation: live.GetGeneration()}
}

// holds tells from the metadata of the live object that applying would still change nothing. An
// object that counts its generations may have got another status meanwhile: that is no change of
// what was applied.
func (s state) holds(live *metav1.PartialObjectMetadata, desired *unstructured.Unstructured) bool {
	if live.UID != s.uid {
		return false
	}
	if live.ResourceVersion == s.resourceVersion {
		return true
	}
	return s.generation > 0 && live.Generation == s.generation &&
		contains(live.Labels, desired.GetLabels()) && contains(live.Annotations, desired.GetAnnotations())
}

func contains(all, some map[string]string) bool {
	for key, value := range some {
		if present, found := all[key]; !found || present != value {
			return false
		}
	}
	return true
}

func (a *Applier) recall(ref Ref) (state, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.seen[ref]
	return s, ok
}

func (a *Applier) remember(ref Ref, s state) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[ref] = s
}

func (a *Applier) forget(ref Ref) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.seen, ref)
}
