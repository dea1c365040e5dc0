package meshgateway

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/overlay"
)

// setDeployment lays the gateway's settings over the rendered Deployment, and over those what
// makes it this gateway's.
func setDeployment(object *unstructured.Unstructured, gateway *v1alpha1.IstioMeshGateway, injection Injection) error {
	for _, layer := range []*v1alpha1.WorkloadConfig{implied(gateway), gateway.Spec.Deployment, fixed(gateway, injection)} {
		if err := overlay.Workload(object, istio.ProxyContainer, layer); err != nil {
			return err
		}
	}
	return setSelector(object, gateway)
}

// implied is what follows from fields other than the Deployment's own.
func implied(gateway *v1alpha1.IstioMeshGateway) *v1alpha1.WorkloadConfig {
	config := &v1alpha1.WorkloadConfig{}
	if deployment := gateway.Spec.Deployment; deployment != nil && deployment.Metadata != nil {
		// Gateway resources select pods by labels that the documents give to the Deployment.
		config.PodMetadata = &v1alpha1.ObjectMetadata{Labels: deployment.Metadata.Labels}
	}
	if isTrue(gateway.Spec.RunAsRoot) {
		config.SecurityContext = asRoot()
	}
	return config
}

// fixed is what users cannot change: labels by which others find the gateway, and the annotations
// by whose change pods are made anew when they would be injected with something else.
func fixed(gateway *v1alpha1.IstioMeshGateway, injection Injection) *v1alpha1.WorkloadConfig {
	return &v1alpha1.WorkloadConfig{
		Metadata:    &v1alpha1.ObjectMetadata{Labels: labelsOf(gateway)},
		PodMetadata: &v1alpha1.ObjectMetadata{Labels: podLabelsOf(gateway, injection.Revision), Annotations: injection.annotations()},
	}
}

// asRoot lets the proxy open ports under 1024 by being root, with no other right of root's.
func asRoot() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		RunAsUser:    new(int64(0)),
		RunAsGroup:   new(int64(0)),
		RunAsNonRoot: new(false),
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_BIND_SERVICE"}},
	}
}

// setSelector has the object select the gateway's pods.
func setSelector(object *unstructured.Unstructured, gateway *v1alpha1.IstioMeshGateway) error {
	return unstructured.SetNestedStringMap(object.Object, selectorOf(gateway), "spec", "selector", "matchLabels")
}

func isTrue(value *bool) bool {
	return value != nil && *value
}
