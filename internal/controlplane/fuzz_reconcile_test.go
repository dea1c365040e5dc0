package controlplane_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// Whatever an IstioControlPlane holds, and the API server would have refused some of it, a round ends, and its status
// says how.
func FuzzReconcile(f *testing.F) {
	paths, err := filepath.Glob(documented + "/manifests/*-istiocontrolplane-*.yaml")
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
		`{"version":"9.9"}`, `{"mode":"PASSIVE"}`, `{"meshID":"\u0000/"}`, `{"meshConfig":{"rootNamespace":7}}`,
		`{"k8sResourceOverlays":[{"patches":[{"path":"/spec/template/spec","type":"remove"}]}]}`,
		`{"meshExpansion":{"enabled":true,"gateway":{"service":{"ports":[{}]}}}}`,
	} {
		f.Add([]byte(`{"metadata":{"name":"cp","namespace":"mesh"},"spec":` + spec + `}`))
	}
	scheme, err := api.NewScheme()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		icp := &v1alpha1.IstioControlPlane{}
		if json.Unmarshal(document, icp) != nil || icp.DeletionTimestamp != nil {
			return
		}
		void := kubetest.NewVoid(scheme, icp)
		reconciler := controlplane.NewReconciler(void, kube.NewApplier(void), istio.Builtin(), "v1.36.3")
		_, err := reconciler.Reconcile(t.Context(), client.ObjectKeyFromObject(icp))
		switch {
		case err != nil && (icp.Status.Status != v1alpha1.ConfigStateReconcileFailed || icp.Status.ErrorMessage == ""):
			t.Errorf("the status does not tell of %q: %+v", err, icp.Status)
		case err == nil && (icp.Status.Status == "" || len(icp.Status.Conditions) == 0):
			t.Errorf("the status tells nothing: %+v", icp.Status)
		}
	})
}
