package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// Every installable version is listed with its Kubernetes versions and with the control planes
// that run it, also one whose specification says no version or only a line.
func TestIstioVersionsShowWhatRuns(t *testing.T) {
	catalogue := istio.Catalogue{
		{Version: "1.30.2", MinKubernetes: 32, MaxKubernetes: 36},
		{Version: "1.31.1", MinKubernetes: 32, MaxKubernetes: 36},
	}
	controlPlane := func(name, version string) servicemeshv1alpha1.IstioControlPlane {
		return servicemeshv1alpha1.IstioControlPlane{
			ObjectMeta: metav1.ObjectMeta{Namespace: "mesh", Name: name},
			Spec:       servicemeshv1alpha1.IstioControlPlaneSpec{Version: version},
		}
	}
	got := istioVersions(catalogue, []servicemeshv1alpha1.IstioControlPlane{
		controlPlane("newest", ""), controlPlane("line", "1.31"), controlPlane("gone", "1.15.3"),
	})
	want := []istioVersion{
		{Version: "1.31.1", Source: "built in", Kubernetes: "1.32 to 1.36", ControlPlanes: []string{"newest.mesh", "line.mesh"}},
		{Version: "1.30.2", Source: "built in", Kubernetes: "1.32 to 1.36"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
