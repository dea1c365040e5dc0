package controlplane

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// The ports of the mesh expansion gateway, with their documented numbers.
const (
	statusPort  = 15021
	istiodPort  = 15012
	webhookPort = 15017
	meshPort    = 15443
)

// networkLabel tells istiod which network a workload is in, and a Service's which network it is a
// gateway to.
const networkLabel = "topology.istio.io/network"

// networkViewVariable has a gateway know endpoints of its own network only, so that nothing that
// comes in through it goes out again through another network's gateway.
const networkViewVariable = "ISTIO_META_REQUESTED_NETWORK_VIEW"

// expansionGateway is the mesh expansion gateway: what the specification says of it, with what
// mesh expansion needs.
func expansionGateway(icp *v1alpha1.IstioControlPlane) (*unstructured.Unstructured, error) {
	var config v1alpha1.MeshExpansionGatewayConfig
	if icp.Spec.MeshExpansion.Gateway != nil {
		icp.Spec.MeshExpansion.Gateway.DeepCopyInto(&config)
	}
	revision, exposed := revisionOf(icp), exposuresOf(icp.Spec.MeshExpansion)
	network := orDefault(icp.Spec.NetworkName, DefaultNetworkName)

	gateway := &v1alpha1.IstioMeshGateway{}
	gateway.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIstioMeshGateway))
	gateway.Namespace, gateway.Name = icp.Namespace, revision.ExpansionGateway()
	gateway.Labels = map[string]string{"app": "istio-meshexpansion-gateway", istio.RevisionLabel: revision.Label()}
	if config.Metadata != nil {
		gateway.Annotations = config.Metadata.Annotations
		for key, value := range config.Metadata.Labels {
			gateway.Labels[key] = value
		}
	}
	gateway.Spec = v1alpha1.IstioMeshGatewaySpec{
		Type:                v1alpha1.GatewayTypeIngress,
		IstioControlPlane:   metav1alpha1.NamespacedName{Name: icp.Name, Namespace: icp.Namespace},
		RunAsRoot:           config.RunAsRoot,
		Deployment:          expansionDeployment(config.Deployment, network),
		K8sResourceOverlays: config.K8sResourceOverlays,
	}
	gateway.Spec.Service.ServiceConfig = expansionService(config.Service, exposed, network)
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(gateway)
	if err != nil {
		return nil, fmt.Errorf("encode the mesh expansion gateway: %w", err)
	}
	unstructured.RemoveNestedField(content, "status")
	return &unstructured.Unstructured{Object: content}, nil
}

// expansionDeployment puts the pods into the network. What users set is kept.
func expansionDeployment(config *v1alpha1.WorkloadConfig, network string) *v1alpha1.WorkloadConfig {
	if config == nil {
		config = &v1alpha1.WorkloadConfig{}
	}
	if !slices.ContainsFunc(config.Env, func(v corev1.EnvVar) bool { return v.Name == networkViewVariable }) {
		config.Env = append([]corev1.EnvVar{{Name: networkViewVariable, Value: network}}, config.Env...)
	}
	config.PodMetadata = labelled(config.PodMetadata, networkLabel, network)
	return config
}

// expansionService opens the ports of what is exposed, and those that users add. A port of theirs
// with the same number as one of ours replaces it.
func expansionService(config *v1alpha1.ServiceConfig, exposed exposures, network string) v1alpha1.ServiceConfig {
	if config == nil {
		config = &v1alpha1.ServiceConfig{}
	}
	if config.Type == "" {
		config.Type = corev1.ServiceTypeLoadBalancer
	}
	var ports []v1alpha1.ServicePort
	add := func(wanted bool, name string, number int32) {
		taken := slices.ContainsFunc(config.Ports, func(port v1alpha1.ServicePort) bool { return port.Port == number })
		if wanted && !taken {
			ports = append(ports, v1alpha1.ServicePort{Name: name, Protocol: corev1.ProtocolTCP, Port: number, TargetPort: new(intstr.FromInt32(number))})
		}
	}
	add(true, "tcp-status-port", statusPort)
	add(exposed.istiod, "tls-istiod", istiodPort)
	add(exposed.webhook, "tls-istiodwebhook", webhookPort)
	add(exposed.services, "tls", meshPort)
	config.Ports = append(ports, config.Ports...)
	if exposed.services {
		config.Metadata = labelled(config.Metadata, networkLabel, network)
	}
	return *config
}

// labelled adds a label unless there is one of that name.
func labelled(metadata *v1alpha1.ObjectMetadata, key, value string) *v1alpha1.ObjectMetadata {
	if metadata == nil {
		metadata = &v1alpha1.ObjectMetadata{}
	}
	if metadata.Labels == nil {
		metadata.Labels = map[string]string{}
	}
	if _, set := metadata.Labels[key]; !set {
		metadata.Labels[key] = value
	}
	return metadata
}
