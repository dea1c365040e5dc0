package main

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// prepareMesh makes a control plane and what no istiod does here: its root certificate is there already, and its
// webhooks ask nobody.
func prepareMesh(ctx context.Context, c client.Client) (*v1alpha1.IstioControlPlane, error) {
	definitions, err := crds.All()
	if err != nil {
		return nil, err
	}
	icp := &v1alpha1.IstioControlPlane{
		ObjectMeta: metav1.ObjectMeta{Name: istio.ControlPlaneName(istio.BuiltinVersion), Namespace: istio.DefaultNamespace},
	}
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		icp.Spec.K8sResourceOverlays = append(icp.Spec.K8sResourceOverlays, v1alpha1.K8sResourceOverlay{
			GroupVersionKind: &v1alpha1.GroupVersionKind{Kind: kind},
			Patches:          []v1alpha1.OverlayPatch{{Path: "/webhooks", Type: v1alpha1.OverlayPatchRemove}},
		})
	}
	objects := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: gatewayNamespace}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: icp.Namespace}},
		&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: icp.Namespace, Name: istio.RootCertConfigMap, Labels: map[string]string{"istio.io/config": "true"}},
			Data:       map[string]string{"root-cert.pem": "certificate"},
		},
	}
	for _, definition := range definitions {
		objects = append(objects, definition)
	}
	for _, object := range append(objects, icp) {
		err := poll(ctx, func(ctx context.Context) (bool, error) {
			err := c.Create(ctx, object)
			// A kind is served a moment after its definition is made.
			if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
				return false, nil
			}
			return err == nil, err
		})
		if err != nil {
			return nil, fmt.Errorf("make %s: %w", object.GetName(), err)
		}
	}
	return icp, nil
}

func controlPlaneAvailable(c client.Client, icp *v1alpha1.IstioControlPlane) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		if err := c.Get(ctx, client.ObjectKeyFromObject(icp), icp); err != nil {
			return false, err
		}
		if icp.Status.Status == v1alpha1.ConfigStateReconcileFailed {
			return false, errors.New(icp.Status.ErrorMessage)
		}
		return icp.Status.Status == v1alpha1.ConfigStateAvailable, nil
	}
}

// balance gives every Service with a load balancer an address, as a cloud does.
func balance(ctx context.Context, c client.WithWatch) {
	changes := kube.Changes(ctx, c, []client.ObjectList{&corev1.ServiceList{}})
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
		var services corev1.ServiceList
		if err := c.List(ctx, &services); err != nil {
			continue // the next change leads here again
		}
		for i := range services.Items {
			service := &services.Items[i]
			if service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0 {
				service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}
				_ = c.Status().Update(ctx, service) // a conflict is a change
			}
		}
	}
}
