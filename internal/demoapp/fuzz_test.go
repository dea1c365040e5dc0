package demoapp

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// Whatever a DemoApplication holds, and the API server would have refused some of it, a round ends, and its status says
// how: applied, or the error.
func FuzzReconcile(f *testing.F) {
	paths, err := filepath.Glob("../../api/testdata/manifests/*-demoapplication-*.yaml")
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
		`{"enabledComponents":["ratings"]}`, `{"replicas":-1}`, `{"replicas":2147483647,"autoscaling":{"enabled":true}}`,
		`{"load":{"minRPS":-5,"maxRPS":2000000,"swingPeriod":-1}}`, `{"enabled":false}`, `{"image":"\u0000","proxyless":true}`,
		`{"istio":{"revision":"no.such.plane"},"controlPlaneRef":{"name":"x"}}`, `{"resources":{"limits":{"cpu":"1e9"}}}`,
	} {
		f.Add([]byte(`{"metadata":{"name":"demo","namespace":"smm-demo"},"spec":` + spec + `}`))
	}
	scheme, err := api.NewScheme()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		demo := &smmv1alpha1.DemoApplication{}
		if json.Unmarshal(document, demo) != nil || demo.DeletionTimestamp != nil {
			return
		}
		s := around()
		s.namespace.Name = demo.Namespace
		void := kubetest.NewVoid(scheme, demo, s.namespace, &s.planes[0], &s.planes[1]).Knows(
			schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"},
			schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"})
		_, err := NewReconciler(void, kube.NewApplier(void)).Reconcile(t.Context(), client.ObjectKeyFromObject(demo))
		switch {
		case err != nil && (demo.Status.Status != smmv1alpha1.StatusFailed || demo.Status.ErrorMessage == ""):
			t.Errorf("the status does not tell of %q: %+v", err, demo.Status)
		case err == nil && (demo.Status.Status == "" || len(demo.Status.Conditions) == 0):
			t.Errorf("the status tells nothing: %+v", demo.Status)
		}
	})
}
