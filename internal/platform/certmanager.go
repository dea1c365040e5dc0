package platform

import (
	"cmp"
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// certManager is the component for cert-manager. It looks for one that is there and does not install
// one: the operator has the rights for what it renders itself, and for no chart from elsewhere.
type certManager struct{ client client.Reader }

func (c certManager) name() string { return smmv1alpha1.ComponentCertManager }

func (c certManager) enabled(cp *smmv1alpha1.ControlPlane) bool {
	return cp.Spec.CertManager != nil && isTrue(cp.Spec.CertManager.Enabled)
}

func (c certManager) install(ctx context.Context, _ *smmv1alpha1.ControlPlane, _ kube.Save) (state, error) {
	var found appsv1.DeploymentList
	labels := client.MatchingLabels{"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"}
	if err := c.client.List(ctx, &found, labels); err != nil {
		return state{}, fmt.Errorf("look for cert-manager: %w", err)
	}
	if len(found.Items) == 0 {
		return unmanaged("cert-manager is not on the cluster, and the product does not install it: its chart is not built in, and the operator has no rights for it. Install it as its documentation says, and it is found"), nil
	}
	deployment := &found.Items[0]
	version := cmp.Or(deployment.Labels["app.kubernetes.io/version"], "of an unknown version")
	message := fmt.Sprintf("cert-manager %s in namespace %s is used, and managed by who installed it", version, deployment.Namespace)
	if ready, waiting := kube.DeploymentReady(deployment); !ready {
		message += "; it is not ready: " + waiting
	}
	return unmanaged(message), nil
}

// remove leaves cert-manager alone: it is somebody else's.
func (c certManager) remove(context.Context, *smmv1alpha1.ControlPlane, kube.Save) (state, error) {
	return removed(""), nil
}
