package meshgateway_test

import (
	"encoding/json"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/meshgateway"
)

// Whatever an IstioMeshGateway holds, and the API server would have refused some of it, a round ends, and its status
// says how.
func FuzzReconcile(f *testing.F) {
	for _, path := range gateways() {
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
	f.Add([]byte(`{"metadata":{"name":"a.b","namespace":""},"spec":{"istioControlPlane":{"name":"cp","namespace":"x"},"k8sResourceOverlays":[{"patches":[{"path":"/spec","type":"remove"}]}]}}`))
	scheme, err := api.NewScheme()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		gateway := &v1alpha1.IstioMeshGateway{}
		if json.Unmarshal(document, gateway) != nil || gateway.DeletionTimestamp != nil {
			return
		}
		revision := meshgateway.RevisionOf(gateway)
		icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: revision.Namespace, Name: revision.Name}}
		icp.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionIstiodReady, Status: metav1.ConditionTrue}}
		icp.Status.Checksums = &v1alpha1.ConfigChecksums{SidecarInjector: "1"}
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: gateway.Namespace}}
		void := kubetest.NewVoid(scheme, gateway, icp, namespace)
		reconciler := meshgateway.NewReconciler(void, kube.NewApplier(void), istio.Builtin(), "v1.36.3")
		_, err := reconciler.Reconcile(t.Context(), client.ObjectKeyFromObject(gateway))
		switch {
		case err != nil && (gateway.Status.Status != v1alpha1.ConfigStateReconcileFailed || gateway.Status.ErrorMessage == ""):
			t.Errorf("the status does not tell of %q: %+v", err, gateway.Status)
		case err == nil && (gateway.Status.Status == "" || len(gateway.Status.Conditions) == 0):
			t.Errorf("the status tells nothing: %+v", gateway.Status)
		}
	})
}
