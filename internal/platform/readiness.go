package platform

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// waitingFor says what the first of the objects that is not ready waits for, "" when all are.
func waitingFor(ctx context.Context, reader client.Reader, objects []*unstructured.Unstructured) (string, error) {
	for _, object := range objects {
		waiting, err := objectWaiting(ctx, reader, object)
		if apierrors.IsNotFound(err) {
			return kube.RefOf(object).String() + " is not created yet", nil
		}
		if err != nil {
			return "", fmt.Errorf("read %s: %w", kube.RefOf(object), err)
		}
		if waiting != "" {
			return waiting, nil
		}
	}
	return "", nil
}

func objectWaiting(ctx context.Context, reader client.Reader, object *unstructured.Unstructured) (string, error) {
	key := client.ObjectKeyFromObject(object)
	var waiting string
	switch object.GetKind() {
	case "Deployment":
		var live appsv1.Deployment
		if err := reader.Get(ctx, key, &live); err != nil {
			return "", err
		}
		_, waiting = kube.DeploymentReady(&live)
	case "StatefulSet":
		var live appsv1.StatefulSet
		if err := reader.Get(ctx, key, &live); err != nil {
			return "", err
		}
		_, waiting = kube.StatefulSetReady(&live)
	case "DaemonSet":
		var live appsv1.DaemonSet
		if err := reader.Get(ctx, key, &live); err != nil {
			return "", err
		}
		_, waiting = kube.DaemonSetReady(&live)
	case servicemeshv1alpha1.KindIstioMeshGateway:
		var live servicemeshv1alpha1.IstioMeshGateway
		if err := reader.Get(ctx, key, &live); err != nil {
			return "", err
		}
		waiting = gatewayWaiting(&live)
	}
	return waiting, nil
}

func gatewayWaiting(gateway *servicemeshv1alpha1.IstioMeshGateway) string {
	name := servicemeshv1alpha1.KindIstioMeshGateway + " " + gateway.Namespace + "/" + gateway.Name
	if gateway.Status.ObservedGeneration != gateway.Generation {
		return name + " is being reconciled"
	}
	if gateway.Status.Status == servicemeshv1alpha1.ConfigStateAvailable {
		return ""
	}
	for _, condition := range gateway.Status.Conditions {
		if condition.Type == kube.ReadyCondition && condition.Message != "" {
			return name + ": " + condition.Message
		}
	}
	return name + " is not available yet"
}
