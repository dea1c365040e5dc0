package platform_test

import (
	"context"
	"log/slog"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/releases"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

func newClient(t *testing.T, config *rest.Config) client.WithWatch {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newInstaller(t *testing.T, config *rest.Config) *platform.Installer {
	t.Helper()
	server, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return platform.NewInstaller(newClient(t, config), server, releases.New(releases.Options{}), slog.New(slog.DiscardHandler))
}

// publishRootCertificates does what istiod does for the status of a control plane, where nothing
// runs in its pods: it puts the root certificate beside each istiod.
func publishRootCertificates(ctx context.Context, c client.WithWatch) {
	changes := kube.Changes(ctx, c, []client.ObjectList{&appsv1.DeploymentList{}})
	for {
		var deployments appsv1.DeploymentList
		if err := c.List(ctx, &deployments, client.MatchingLabels{"app": "istiod"}); err == nil {
			for _, istiod := range deployments.Items {
				_ = c.Create(ctx, rootCertificate(istiod.Namespace)) // it may be there already
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
	}
}

func rootCertificate(namespace string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: istio.RootCertConfigMap,
			Labels: map[string]string{"istio.io/config": "true"},
		},
		Data: map[string]string{"root-cert.pem": "certificate"},
	}
}
