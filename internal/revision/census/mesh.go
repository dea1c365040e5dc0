package census

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/meshgateway"
	"github.com/meshmanager/smm/internal/revision"
)

// planes reads the control planes.
func planes(ctx context.Context, reader client.Reader, c *revision.Cluster) error {
	var list v1alpha1.IstioControlPlaneList
	if err := reader.List(ctx, &list); unknownKind(err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	for i := range list.Items {
		icp := &list.Items[i]
		c.Planes = append(c.Planes, revision.Plane{
			Revision: istio.Revision{Name: icp.Name, Namespace: icp.Namespace},
			Version:  icp.Spec.Version,
			Status:   string(icp.Status.Status),
			Deleted:  icp.DeletionTimestamp != nil,
		})
	}
	return nil
}

// gateways reads the product's gateways.
func gateways(ctx context.Context, reader client.Reader, c *revision.Cluster) error {
	var list v1alpha1.IstioMeshGatewayList
	if err := reader.List(ctx, &list); unknownKind(err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("list IstioMeshGateways: %w", err)
	}
	for i := range list.Items {
		gateway := &list.Items[i]
		c.Gateways = append(c.Gateways, revision.Gateway{
			Namespace: gateway.Namespace, Name: gateway.Name,
			Plane: meshgateway.RevisionOf(gateway), Ours: ownedByProduct(gateway),
		})
	}
	return nil
}

// webhooks reads which istiod injects for which label.
func webhooks(ctx context.Context, reader client.Reader, c *revision.Cluster) error {
	kind := schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingWebhookConfiguration"}
	return each(ctx, reader, kind, func(object *unstructured.Unstructured) {
		hooks, _, _ := unstructured.NestedSlice(object.Object, "webhooks")
		for _, hook := range hooks {
			fields, _ := hook.(map[string]any)
			service, _, _ := unstructured.NestedString(fields, "clientConfig", "service", "name")
			namespace, _, _ := unstructured.NestedString(fields, "clientConfig", "service", "namespace")
			if service == "" {
				continue
			}
			c.Webhooks = append(c.Webhooks, revision.Webhook{
				Name: object.GetName(), Tag: object.GetLabels()[istio.TagLabel],
				Istiod: service, Namespace: namespace, Ours: ownedBy(object, v1alpha1.KindIstioControlPlane),
			})
			return // all webhooks of one configuration call the same istiod
		}
	})
}

// entries reads the machines outside of Kubernetes.
func entries(ctx context.Context, reader client.Reader, c *revision.Cluster) error {
	kind := schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "WorkloadEntry"}
	return each(ctx, reader, kind, func(object *unstructured.Unstructured) {
		labels, _, _ := unstructured.NestedStringMap(object.Object, "spec", "labels")
		c.Entries = append(c.Entries, revision.Entry{
			Namespace: object.GetNamespace(), Name: object.GetName(), Labels: labels, Annotations: object.GetAnnotations(),
		})
	})
}
