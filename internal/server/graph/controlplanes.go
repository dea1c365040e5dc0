package graph

import (
	"cmp"
	"context"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/meshgateway"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// ControlPlanes lists the IstioControlPlanes that the user may see.
func (q query) ControlPlanes(ctx context.Context) ([]model.ControlPlane, error) {
	return listOfEach(ctx, q.Resolver, nil, func(ctx context.Context, c *cluster.Cluster) ([]model.ControlPlane, error) {
		v, err := q.view(ctx, c)
		if err != nil {
			return nil, err
		}
		planes, err := listOf[v1alpha1.IstioControlPlane](ctx, c, v1alpha1.KindIstioControlPlane)
		if err != nil {
			return nil, err
		}
		described := make([]model.ControlPlane, len(planes))
		for i := range planes {
			if described[i], err = describeControlPlane(v, &planes[i]); err != nil {
				return nil, err
			}
		}
		return described, nil
	})
}

func describeControlPlane(v *view, icp *v1alpha1.IstioControlPlane) (model.ControlPlane, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(icp)
	if err != nil {
		return model.ControlPlane{}, fmt.Errorf("encode IstioControlPlane %s: %w", icp.Name, err)
	}
	text, err := printable(&unstructured.Unstructured{Object: content})
	if err != nil {
		return model.ControlPlane{}, err
	}
	revision := istio.Revision{Name: icp.Name, Namespace: icp.Namespace}
	described := model.ControlPlane{
		ID: inventory.ID{
			Kind: v1alpha1.KindIstioControlPlane, Group: v1alpha1.GroupVersion.Group, Cluster: v.cluster.Name, Namespace: icp.Namespace, Name: icp.Name,
		}.String(),
		Cluster: v.cluster.Name, Namespace: icp.Namespace, Name: icp.Name, Revision: revision.Label(), Version: icp.Spec.Version,
		Mode: string(icp.Spec.Mode), Network: icp.Spec.NetworkName, Status: string(icp.Status.Status),
		Message: optional(icp.Status.ErrorMessage), Namespaces: []string{}, Yaml: text,
	}
	for _, namespace := range icp.Status.InjectionNamespaces {
		if v.services[namespace] {
			described.Namespaces = append(described.Namespaces, namespace)
		}
	}
	return described, nil
}

// Pods lists the pods of a control plane's istiod, as far as the user may see them.
func (p controlPlane) Pods(ctx context.Context, of *model.ControlPlane) ([]model.Pod, error) {
	v, err := p.viewOf(ctx, inventory.ID{Cluster: of.Cluster})
	if err != nil || v == nil {
		return []model.Pod{}, err
	}
	found := v.workload(of.Namespace, "deployment", istio.Revision{Name: of.Name, Namespace: of.Namespace}.Istiod())
	if found == nil {
		return []model.Pod{}, nil
	}
	return describeWorkload(of.Cluster, found).Pods, nil
}

// Gateways lists the IstioMeshGateways that the user may see.
func (q query) Gateways(ctx context.Context, filter *model.Filter) ([]model.Gateway, error) {
	return listOfEach(ctx, q.Resolver, clustersOf(filter), func(ctx context.Context, c *cluster.Cluster) ([]model.Gateway, error) {
		gateways, err := listOf[v1alpha1.IstioMeshGateway](ctx, c, v1alpha1.KindIstioMeshGateway)
		var described []model.Gateway
		for i := range gateways {
			if passes(filter, gateways[i].Namespace, gateways[i].Name, nil) {
				described = append(described, describeGateway(c.Name, &gateways[i]))
			}
		}
		return described, err
	})
}

func describeGateway(clusterName string, gateway *v1alpha1.IstioMeshGateway) model.Gateway {
	plane := gateway.Spec.IstioControlPlane
	described := model.Gateway{
		ID: inventory.ID{
			Kind: v1alpha1.KindIstioMeshGateway, Group: v1alpha1.GroupVersion.Group, Cluster: clusterName, Namespace: gateway.Namespace, Name: gateway.Name,
		}.String(),
		Cluster: clusterName, Namespace: gateway.Namespace, Name: gateway.Name, Type: string(gateway.Spec.Type),
		ServiceType: string(gateway.Spec.Service.Type), Status: string(gateway.Status.Status), Message: optional(gateway.Status.ErrorMessage),
		Addresses:    append([]string{}, gateway.Status.GatewayAddress...),
		ControlPlane: istio.Revision{Name: plane.Name, Namespace: cmp.Or(plane.Namespace, gateway.Namespace)}.Label(),
		Ports:        []model.GatewayPort{},
		Labels:       describeLabels(podLabels(gateway)),
	}
	for _, port := range gateway.Spec.Service.Ports {
		described.Ports = append(described.Ports, model.GatewayPort{
			Name: port.Name, Number: int(port.Port), TargetPort: port.TargetPort.String(),
		})
	}
	return described
}

// podLabels are the labels by which Gateways select the gateway's pods.
func podLabels(gateway *v1alpha1.IstioMeshGateway) map[string]string {
	labels := map[string]string{}
	if deployment := gateway.Spec.Deployment; deployment != nil {
		if deployment.Metadata != nil {
			maps.Copy(labels, deployment.Metadata.Labels)
		}
		if deployment.PodMetadata != nil {
			maps.Copy(labels, deployment.PodMetadata.Labels)
		}
	}
	labels[meshgateway.NameLabel], labels[meshgateway.TypeLabel] = gateway.Name, string(gateway.Spec.Type)
	return labels
}

// listOf lists what the user may see of one of the product's kinds; nothing where the cluster does not have it.
func listOf[T any](ctx context.Context, c *cluster.Cluster, kind string) ([]T, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	served, err := c.Kinds()
	if err != nil {
		return nil, err
	}
	wanted := v1alpha1.GroupVersion.WithKind(kind).GroupKind()
	for _, candidate := range served {
		if candidate.GroupKind() != wanted {
			continue
		}
		objects, err := c.List(ctx, who, candidate)
		if err != nil {
			return nil, err
		}
		all := make([]T, len(objects))
		for i := range objects {
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[i].Object, &all[i]); err != nil {
				return nil, fmt.Errorf("read %s %s of cluster %s: %w", kind, objects[i].GetName(), c.Name, err)
			}
		}
		return all, nil
	}
	return nil, nil
}
