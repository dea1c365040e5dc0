package conformance

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// balance gives every Service with a load balancer an address until the test ends, as a cloud does.
func (c *cluster) balance(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	changes := kube.Changes(ctx, c.typed, []client.ObjectList{&corev1.ServiceList{}})
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-changes:
			}
			var services corev1.ServiceList
			if err := c.typed.List(ctx, &services); err != nil {
				continue // the next change leads here again
			}
			for i := range services.Items {
				service := &services.Items[i]
				if service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0 {
					service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}
					_ = c.typed.Status().Update(ctx, service) // a conflict is a change
				}
			}
		}
	}()
}

// prepareNamespaces makes what the documents have users make beside the manifests: the demo application's namespace with
// its labels and the pull secret of the registry. In Istio's namespace is the root certificate that istiod would publish.
func (c *cluster) prepareNamespaces(t *testing.T) {
	t.Helper()
	demo := map[string]string{
		"app.kubernetes.io/instance": "smm-demo", "app.kubernetes.io/name": "smm-demo", "app.kubernetes.io/part-of": "smm-demo",
		"app.kubernetes.io/version": "0.1.4", istio.RevisionLabel: "cp-v115x.istio-system",
	}
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "smm-demo", Labels: demo}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: istio.DefaultNamespace}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "smm-registry-access"}},
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "smm-registry-access", Name: "smm-registry.eticloud.io-pull-secret"},
			Type:       corev1.SecretTypeDockerConfigJson,
			Data:       map[string][]byte{corev1.DockerConfigJsonKey: []byte(`{"auths":{"registry.eticloud.io":{"auth":"bm9ib2R5Om5vdGhpbmc="}}}`)},
		},
		&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: istio.DefaultNamespace, Name: istio.RootCertConfigMap, Labels: map[string]string{"istio.io/config": "true"}},
			Data:       map[string]string{"root-cert.pem": "certificate"},
		},
	} {
		if err := c.typed.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}
