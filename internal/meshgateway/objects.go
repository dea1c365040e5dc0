package meshgateway

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/overlay"
)

// Objects renders everything that a gateway consists of. release is the one of the injection's
// version. It is pure.
func Objects(gateway *v1alpha1.IstioMeshGateway, injection Injection, release istio.Release, cluster Cluster) ([]*unstructured.Unstructured, error) {
	objects, err := release.Gateway(injection.Revision, gateway.Namespace, gateway.Name, Values(gateway), cluster.KubernetesVersion)
	if err != nil {
		return nil, err
	}
	budget, err := budgetOf(gateway)
	if err != nil {
		return nil, err
	}
	if budget != nil {
		objects = append(objects, budget)
	}
	if cluster.OpenShift {
		objects = append(objects, constraintBinding(gateway))
	}
	for _, object := range objects {
		if err := set(object, gateway, injection); err != nil {
			return nil, err
		}
	}
	if err := overlay.Apply(objects, gateway.Spec.K8sResourceOverlays); err != nil {
		return nil, fmt.Errorf("spec.%w", err)
	}
	return objects, nil
}

// set lays the gateway's settings over one rendered object.
func set(object *unstructured.Unstructured, gateway *v1alpha1.IstioMeshGateway, injection Injection) error {
	var err error
	switch object.GetKind() {
	case "Deployment":
		err = setDeployment(object, gateway, injection)
	case "Service":
		err = setService(object, gateway)
	}
	addMetadata(object, v1alpha1.ObjectMetadata{Labels: labelsOf(gateway)})
	return err
}
