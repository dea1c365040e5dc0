package controlplane

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// MeshExpansion renders what lets workloads of other networks reach the mesh: a gateway, and how
// it routes to istiod, the injection webhook and the mesh's services. There is nothing of it
// unless the specification asks for it. It is pure.
func MeshExpansion(icp *v1alpha1.IstioControlPlane) ([]*unstructured.Unstructured, error) {
	if icp.Spec.MeshExpansion == nil || !isTrue(icp.Spec.MeshExpansion.Enabled) {
		return nil, nil
	}
	gateway, err := expansionGateway(icp)
	if err != nil {
		return nil, err
	}
	objects := []*unstructured.Unstructured{gateway}
	if icp.Spec.Mode == v1alpha1.ModePassive {
		return objects, nil // there is no istiod to reach
	}
	return append(objects, expansionRoutes(icp)...), nil
}

// exposures are what is reachable through the gateway.
type exposures struct {
	istiod, webhook, services bool
}

// exposuresOf: whatever is not switched off is reachable.
func exposuresOf(expansion *v1alpha1.MeshExpansionConfig) exposures {
	on := func(e *v1alpha1.Exposure) bool { return e == nil || e.Expose == nil || *e.Expose }
	return exposures{istiod: on(expansion.Istiod), webhook: on(expansion.Webhook), services: on(expansion.ClusterServices)}
}

// expand applies mesh expansion, once istiod runs: the API server asks istiod about each of its
// routes. It returns what the gateway waits for, "" when it is available.
func (l *logic) expand(ctx context.Context, icp *v1alpha1.IstioControlPlane, expansion []*unstructured.Unstructured, rest []kube.Ref, save kube.Save) (waiting string, err error) {
	icp.Status.GatewayAddress = nil
	if err := l.sync(ctx, icp, expansion, rest, save); err != nil || len(expansion) == 0 {
		return "", err
	}
	gateway := &v1alpha1.IstioMeshGateway{}
	key := client.ObjectKey{Namespace: icp.Namespace, Name: revisionOf(icp).ExpansionGateway()}
	if err := l.client.Get(ctx, key, gateway); client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("read IstioMeshGateway %s: %w", key, err)
	}
	icp.Status.GatewayAddress = slices.Clone(gateway.Status.GatewayAddress)
	return expansionWaiting(gateway), nil
}

// unwatchedRecheck is how often the routes of mesh expansion and network attachments are looked at:
// their kinds are not the product's and not known before their CRDs are, so they are not watched.
const unwatchedRecheck = 10 * time.Second

// settled is the outcome of a control plane that has all it asks for.
func settled(icp *v1alpha1.IstioControlPlane, expansion []*unstructured.Unstructured) kube.Outcome {
	outcome := kube.Done()
	if len(expansion) > 0 || standsAlone(icp) {
		outcome.RequeueAfter = unwatchedRecheck
	}
	return outcome
}

// expansionWaiting says what the mesh expansion gateway waits for, "" when it is available.
func expansionWaiting(gateway *v1alpha1.IstioMeshGateway) string {
	status := gateway.Status
	if status.Status == v1alpha1.ConfigStateAvailable && status.ObservedGeneration == gateway.Generation {
		return ""
	}
	for _, condition := range status.Conditions {
		if condition.Type == kube.ReadyCondition && condition.ObservedGeneration == gateway.Generation {
			return "the mesh expansion gateway: " + condition.Message
		}
	}
	return "the mesh expansion gateway is not reconciled yet"
}
