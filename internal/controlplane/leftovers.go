package controlplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// removeRootCertificates deletes the ConfigMaps that istiod put into every namespace. Another
// control plane of the cluster would still use them, so they go with the last one.
func (l *logic) removeRootCertificates(ctx context.Context, icp *v1alpha1.IstioControlPlane) error {
	var all v1alpha1.IstioControlPlaneList
	if err := l.client.List(ctx, &all); err != nil {
		return fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	for _, other := range all.Items {
		if other.UID != icp.UID {
			return nil
		}
	}
	var copies corev1.ConfigMapList
	if err := l.client.List(ctx, &copies, client.MatchingLabels{"istio.io/config": "true"}); err != nil {
		return fmt.Errorf("list ConfigMaps of istiod: %w", err)
	}
	for i := range copies.Items {
		if name := copies.Items[i].Name; name != istio.RootCertConfigMap && name != istio.CRLConfigMap {
			continue
		}
		if err := client.IgnoreNotFound(l.client.Delete(ctx, &copies.Items[i])); err != nil {
			return fmt.Errorf("delete ConfigMap %s/%s: %w", copies.Items[i].Namespace, copies.Items[i].Name, err)
		}
	}
	return nil
}
