package controlplane

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// What was rendered is used again for the same input only: every part of it that rendering looks at counts, the status not.
func TestMemoryKnowsEveryInput(t *testing.T) {
	icp := v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "cp"}}
	release := istio.Builtin()[0]
	base, err := inputOf(&icp, release, Facts{})
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]struct {
		change func(*v1alpha1.IstioControlPlane, *istio.Release, *Facts)
		same   bool
	}{
		"status": {func(i *v1alpha1.IstioControlPlane, _ *istio.Release, _ *Facts) {
			i.Status.ErrorMessage, i.ResourceVersion = "x", "7"
		}, true},
		"specification": {func(i *v1alpha1.IstioControlPlane, _ *istio.Release, _ *Facts) { i.Spec.NetworkName = "n" }, false},
		"annotation": {func(i *v1alpha1.IstioControlPlane, _ *istio.Release, _ *Facts) {
			i.Annotations = map[string]string{"a": "b"}
		}, false},
		"release": {func(_ *v1alpha1.IstioControlPlane, r *istio.Release, _ *Facts) { *r = istio.Builtin()[1] }, false},
		"source":  {func(_ *v1alpha1.IstioControlPlane, r *istio.Release, _ *Facts) { r.Source.URL = "elsewhere" }, false},
		"cluster": {func(_ *v1alpha1.IstioControlPlane, _ *istio.Release, f *Facts) { f.OpenShift = true }, false},
		"mesh":    {func(_ *v1alpha1.IstioControlPlane, _ *istio.Release, f *Facts) { f.Mesh = &v1alpha1.IstioMesh{} }, false},
	}
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			changed, changedRelease, facts := icp.DeepCopy(), release, Facts{}
			c.change(changed, &changedRelease, &facts)
			input, err := inputOf(changed, changedRelease, facts)
			if err != nil {
				t.Fatal(err)
			}
			if (input == base) != c.same {
				t.Errorf("the same input: %v, want %v", input == base, c.same)
			}
		})
	}
}
