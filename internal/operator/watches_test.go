package operator_test

import (
	"slices"
	"testing"

	"github.com/meshmanager/smm/internal/operator"
	"github.com/meshmanager/smm/internal/rendered"
)

// Every kind that the product may render is watched, so that no drift goes unseen.
func TestEverythingRenderedIsWatched(t *testing.T) {
	watched := map[string]bool{
		// These are watched as what they are, not as parts of something.
		"IstioControlPlane.servicemesh.cisco.com": true,
		"IstioMeshGateway.servicemesh.cisco.com":  true,
		"Namespace":                               true,
	}
	for _, kind := range operator.Watched() {
		watched[kind.GroupKind().String()] = true
	}
	// A watch needs the kind to exist: Istio's come with a control plane, and that of Multus with
	// Multus. Their objects are looked at again every so often.
	rechecked := []string{
		"DestinationRule.networking.istio.io", "Gateway.networking.istio.io", "VirtualService.networking.istio.io",
		"NetworkAttachmentDefinition.k8s.cni.cncf.io",
	}
	for _, openShift := range []bool{false, true} {
		objects, err := rendered.Everything(openShift)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			kind := object.GroupVersionKind().GroupKind().String()
			if !watched[kind] && !slices.Contains(rechecked, kind) {
				t.Errorf("%s is rendered (%s) and not watched", kind, object.GetName())
			}
		}
	}
}
