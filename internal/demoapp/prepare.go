package demoapp

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/injection"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// ProxylessLabel is the label of nodes whose pods have no Envoy: "true" makes the demo application speak gRPC itself.
const ProxylessLabel = "smm.cisco.com/proxyless"

// Wanted is what the user asked for; what is left open depends on the cluster.
type Wanted struct {
	Options
	ControlPlane string // name of an IstioControlPlane, or "" for the only one
	Proxyless    *bool  // nil lets the nodes' label decide
}

// Prepare completes the options with what the cluster is like. It writes nothing.
func (a *Application) Prepare(ctx context.Context, wanted Wanted) (Options, error) {
	o := wanted.Options
	planes, err := injection.ControlPlanes(ctx, a.client)
	if err != nil {
		return o, err
	}
	plane, err := injection.Choose(planes, wanted.ControlPlane)
	if err != nil {
		return o, err
	}
	o.Revision = plane.Label()
	if o.OwnNamespace, err = a.ownsNamespace(ctx, o.Namespace, planes); err != nil {
		return o, err
	}
	if wanted.Proxyless != nil {
		o.Proxyless = *wanted.Proxyless
	} else if o.Proxyless, err = a.nodesAreProxyless(ctx); err != nil {
		return o, err
	}
	// A peer takes its routing from the first cluster, but without sidecars callers must be told to use mutual TLS.
	o.IstioResources = o.IstioResources && (!o.Peer || o.Proxyless)
	if o.IstioResources {
		return o, a.knowsIstio()
	}
	return o, nil
}

// ownsNamespace tells whether the namespace is, or will be, the application's own. One that somebody else made is
// used as it is, if its pods get a proxy.
func (a *Application) ownsNamespace(ctx context.Context, name string, planes []istio.Revision) (bool, error) {
	namespace := &corev1.Namespace{}
	err := a.client.Get(ctx, client.ObjectKey{Name: name}, namespace)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read namespace %s: %w", name, err)
	}
	if namespace.DeletionTimestamp != nil || namespace.Annotations[kube.OwnerAnnotation] == owner(name).String() {
		return true, nil
	}
	if setting := injection.Describe(name, namespace.Labels, planes); !setting.Enabled {
		return false, fmt.Errorf("namespace %s exists and its pods get no proxy: run 'smm sidecar-proxy auto-inject on %s', or delete it", name, name)
	}
	return false, nil
}

func (a *Application) nodesAreProxyless(ctx context.Context) (bool, error) {
	nodes := &corev1.NodeList{}
	err := a.client.List(ctx, nodes, client.MatchingLabels{ProxylessLabel: "true"}, client.Limit(1))
	if err != nil {
		return false, fmt.Errorf("list the nodes: %w", err)
	}
	return len(nodes.Items) > 0, nil
}

// knowsIstio makes sure that the cluster has Istio's resources.
func (a *Application) knowsIstio() error {
	for _, kind := range []string{"DestinationRule", "VirtualService"} {
		kind := schema.GroupKind{Group: "networking.istio.io", Kind: kind}
		_, err := a.client.RESTMapper().RESTMapping(kind, "v1")
		if meta.IsNoMatchError(err) {
			return fmt.Errorf("the cluster does not know %s: install the mesh with 'smm install -a'", kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
