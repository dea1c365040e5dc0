package platform_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
)

// Whatever a ControlPlane holds, and the API server would have refused some of it, a round ends, and its status says
// how.
func FuzzReconcile(f *testing.F) {
	paths, err := filepath.Glob("../../api/testdata/manifests/*-controlplane-*.yaml")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no manifests, error %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		document, err := yaml.YAMLToJSON(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	for _, spec := range []string{
		`{"meshManager":{"istio":{"istioCROverrides":"{{"}}}`, `{"meshManager":{"istio":{"istioCROverrides":"spec: 7"}}}`,
		`{"meshManager":{"istio":{"istioCRRef":{"name":"\u0000"}}}}`, `{"clusterName":"A_b","role":"other"}`, `{"smm":{"valuesOverride":[]}}`,
	} {
		f.Add([]byte(`{"metadata":{"name":"smm"},"spec":` + spec + `}`))
	}
	scheme, err := api.NewScheme()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		cp := &smmv1alpha1.ControlPlane{}
		if json.Unmarshal(document, cp) != nil || cp.DeletionTimestamp != nil {
			return
		}
		void := kubetest.NewVoid(scheme, cp)
		_, err := platform.NewReconciler(void, kube.NewApplier(void), istio.Builtin(), "").Reconcile(t.Context(), client.ObjectKeyFromObject(cp))
		switch {
		case err != nil && (cp.Status.Status != smmv1alpha1.StatusFailed || cp.Status.ErrorMessage == ""):
			t.Errorf("the status does not tell of %q: %+v", err, cp.Status)
		case err == nil && (cp.Status.Status == "" || len(cp.Status.Conditions) == 0):
			t.Errorf("the status tells nothing: %+v", cp.Status)
		}
	})
}
