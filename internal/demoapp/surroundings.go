package demoapp

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// surroundings are what an application needs and does not make itself.
type surroundings struct {
	namespace       *corev1.Namespace                       // nil when it does not exist
	planes          []servicemeshv1alpha1.IstioControlPlane // of the cluster
	platform        *smmv1alpha1.ControlPlane               // that the application refers to; nil when there is none
	others          []smmv1alpha1.DemoApplication           // of the namespace
	proxyless       bool                                    // whether nodes have no Envoy
	istiosResources bool                                    // whether the cluster knows them
}

// observe reads the surroundings of an application. The mapper tells which kinds the cluster knows.
func observe(ctx context.Context, c client.Client, demo *smmv1alpha1.DemoApplication) (around surroundings, err error) {
	namespace := &corev1.Namespace{}
	switch err := c.Get(ctx, client.ObjectKey{Name: demo.Namespace}, namespace); {
	case err == nil:
		around.namespace = namespace
	case !apierrors.IsNotFound(err):
		return around, fmt.Errorf("read namespace %s: %w", demo.Namespace, err)
	}
	if around.planes, err = controlPlanes(ctx, c); err != nil {
		return around, err
	}
	if ref := demo.Spec.ControlPlaneRef; ref != nil && ref.Name != "" {
		platform := &smmv1alpha1.ControlPlane{}
		switch err := c.Get(ctx, client.ObjectKey{Name: ref.Name}, platform); {
		case err == nil:
			around.platform = platform
		case !apierrors.IsNotFound(err):
			return around, fmt.Errorf("read ControlPlane %s: %w", ref.Name, err)
		}
	}
	var all smmv1alpha1.DemoApplicationList
	if err := c.List(ctx, &all, client.InNamespace(demo.Namespace)); err != nil {
		return around, fmt.Errorf("list the DemoApplications of namespace %s: %w", demo.Namespace, err)
	}
	for _, other := range all.Items {
		if other.UID != demo.UID {
			around.others = append(around.others, other)
		}
	}
	if around.proxyless, err = nodesAreProxyless(ctx, c); err != nil {
		return around, err
	}
	around.istiosResources, err = knowsIstio(c.RESTMapper())
	return around, err
}

// controlPlanes lists the control planes of a cluster; a cluster without the resource has none.
func controlPlanes(ctx context.Context, c client.Client) ([]servicemeshv1alpha1.IstioControlPlane, error) {
	var all servicemeshv1alpha1.IstioControlPlaneList
	err := c.List(ctx, &all)
	if err != nil && !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("list the IstioControlPlanes: %w", err)
	}
	return all.Items, nil
}

func nodesAreProxyless(ctx context.Context, c client.Client) (bool, error) {
	var nodes corev1.NodeList
	if err := c.List(ctx, &nodes, client.MatchingLabels{istio.ProxylessLabel: "true"}, client.Limit(1)); err != nil {
		return false, fmt.Errorf("list the nodes: %w", err)
	}
	return len(nodes.Items) > 0, nil
}

// knowsIstio tells whether the cluster has Istio's resources.
func knowsIstio(mapper meta.RESTMapper) (bool, error) {
	for _, kind := range []string{"DestinationRule", "VirtualService"} {
		_, err := mapper.RESTMapping(schema.GroupKind{Group: "networking.istio.io", Kind: kind}, "v1")
		if meta.IsNoMatchError(err) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("look for Istio's resources: %w", err)
		}
	}
	return true, nil
}
