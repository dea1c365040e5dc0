package alauda

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/meshgateway"
)

// Translation is what a ServiceMesh means in the product's building blocks.
type Translation struct {
	// ControlPlane is nil when somebody else installs Istio.
	ControlPlane *v1alpha1.IstioControlPlane
	Gateways     []*v1alpha1.IstioMeshGateway
	// Unsupported names the fields and components that have no effect.
	Unsupported []string
}

// Translate is pure. version is the full version of Istio that the mesh's istioVersion means.
func Translate(mesh *asmv1alpha1.ServiceMesh, version string) (Translation, error) {
	t := Translation{Unsupported: unsupported(&mesh.Spec)}
	if isTrue(mesh.Spec.WithoutIstio) {
		return t, nil
	}
	settings, err := meshConfig(&mesh.Spec)
	if err != nil {
		return Translation{}, err
	}
	icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: istio.DefaultNamespace, Name: Revision(version)}}
	icp.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIstioControlPlane))
	icp.Spec = v1alpha1.IstioControlPlaneSpec{
		Version:       version,
		Mode:          v1alpha1.ModeActive,
		MeshID:        mesh.Labels[asmv1alpha1.MeshGroupLabel],
		ClusterID:     ClusterOf(mesh),
		NetworkName:   network(mesh),
		Istiod:        &v1alpha1.IstiodConfig{TraceSampling: mesh.Spec.TraceSampling, Deployment: workload(&mesh.Spec, asmv1alpha1.ComponentIstiod, map[string]string{"app": "istiod"})},
		Proxy:         proxy(&mesh.Spec),
		ProxyInit:     proxyInit(&mesh.Spec),
		MeshExpansion: expansion(&mesh.Spec),
		MeshConfig:    settings,
	}
	if registry := mesh.Spec.RegistryAddress; registry != "" {
		icp.Spec.ContainerImageConfiguration = &v1alpha1.ContainerImageConfig{Hub: strings.TrimSuffix(registry, "/") + "/istio"}
	}
	t.ControlPlane = icp
	if component(&mesh.Spec, asmv1alpha1.ComponentIngress) != nil {
		t.Gateways = append(t.Gateways, ingress(mesh, icp))
	}
	return t, nil
}

// Revision is the revision of a version, as namespaces select it: 1-31 for 1.31.1.
func Revision(version string) string {
	return strings.ReplaceAll(istio.LineOf(version), ".", "-")
}

// Version is the version of Istio that a mesh asks for, without the build that follows a +.
func Version(mesh *asmv1alpha1.ServiceMesh) string {
	version, _, _ := strings.Cut(mesh.Spec.IstioVersion, "+")
	return version
}

// ClusterOf is the cluster that a mesh is about.
func ClusterOf(mesh *asmv1alpha1.ServiceMesh) string { return cmp.Or(mesh.Spec.Cluster, mesh.Name) }

// network is that of the cluster: its own where pods of clusters do not reach each other.
func network(mesh *asmv1alpha1.ServiceMesh) string {
	several := mesh.Spec.MultiCluster
	switch {
	case several == nil || !isTrue(several.Enabled):
		return ""
	case several.IstioNetwork != "" || !isTrue(several.IsMultiNetwork):
		return several.IstioNetwork
	}
	return ClusterOf(mesh)
}

func proxy(spec *asmv1alpha1.ServiceMeshSpec) *v1alpha1.ProxyConfig {
	proxy := v1alpha1.ProxyConfig{}
	if spec.IstioSidecar != nil {
		proxy.Resources = spec.IstioSidecar.Resources
	}
	if spec.IPRanges != nil {
		proxy.IncludeIPRanges = strings.Join(spec.IPRanges.Ranges, ",")
	}
	return &proxy
}

func proxyInit(spec *asmv1alpha1.ServiceMeshSpec) *v1alpha1.ProxyInitConfig {
	wanted := spec.IstioConfig != nil && spec.IstioConfig.CNI != nil && isTrue(spec.IstioConfig.CNI.Enabled)
	if !wanted {
		return nil
	}
	plugin := &v1alpha1.CNIConfig{Enabled: new(true)}
	if c := component(spec, asmv1alpha1.ComponentCNI); c != nil {
		plugin.Daemonset = &v1alpha1.WorkloadConfig{Affinity: c.Affinity}
		plugin.Daemonset.Resources = resources(c)
	}
	return &v1alpha1.ProxyInitConfig{CNI: plugin}
}

// expansion is the east-west gateway of a mesh with several networks.
func expansion(spec *asmv1alpha1.ServiceMeshSpec) *v1alpha1.MeshExpansionConfig {
	if spec.MultiCluster == nil || !isTrue(spec.MultiCluster.Enabled) || !isTrue(spec.MultiCluster.IsMultiNetwork) {
		return nil
	}
	return &v1alpha1.MeshExpansionConfig{Enabled: new(true), Gateway: &v1alpha1.MeshExpansionGatewayConfig{
		Deployment: workload(spec, asmv1alpha1.ComponentEastWest, map[string]string{"istio": "meshexpansiongateway"}),
	}}
}

// ingressName is the documented name of the ingress gateway.
const ingressName = "istio-ingressgateway"

func ingress(mesh *asmv1alpha1.ServiceMesh, icp *v1alpha1.IstioControlPlane) *v1alpha1.IstioMeshGateway {
	gateway := &v1alpha1.IstioMeshGateway{ObjectMeta: metav1.ObjectMeta{
		Namespace: istio.DefaultNamespace, Name: ingressName, Labels: map[string]string{"app": ingressName, "istio": "ingressgateway"},
	}}
	gateway.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIstioMeshGateway))
	gateway.Spec = v1alpha1.IstioMeshGatewaySpec{
		Type:              v1alpha1.GatewayTypeIngress,
		IstioControlPlane: metav1alpha1.NamespacedName{Name: icp.Name, Namespace: icp.Namespace},
		Deployment:        workload(&mesh.Spec, asmv1alpha1.ComponentIngress, map[string]string{meshgateway.NameLabel: ingressName}),
	}
	gateway.Spec.Service.Type = corev1.ServiceTypeLoadBalancer
	gateway.Spec.Service.Ports = []v1alpha1.ServicePort{
		{Name: "http2", Port: 80, Protocol: corev1.ProtocolTCP, TargetPort: new(intstr.FromInt32(8080))},
		{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP, TargetPort: new(intstr.FromInt32(8443))},
	}
	return gateway
}

// meshConfig is what Istio's MeshConfig says of the mesh; nil for nothing.
func meshConfig(spec *asmv1alpha1.ServiceMeshSpec) (*apiextensionsv1.JSON, error) {
	config := map[string]any{}
	if spec.IstioConfig != nil && spec.IstioConfig.DefaultHTTPRetryPolicy != nil && spec.IstioConfig.DefaultHTTPRetryPolicy.Attempts != nil {
		config["defaultHttpRetryPolicy"] = map[string]any{"attempts": *spec.IstioConfig.DefaultHTTPRetryPolicy.Attempts}
	}
	if len(config) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encode the mesh config: %w", err)
	}
	return &apiextensionsv1.JSON{Raw: raw}, nil
}

// component finds the settings of a component; nil when there are none.
func component(spec *asmv1alpha1.ServiceMeshSpec, name string) *asmv1alpha1.ComponentConfig {
	i := slices.IndexFunc(spec.ComponentConfig, func(c asmv1alpha1.ComponentConfig) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &spec.ComponentConfig[i]
}

func isTrue(value *bool) bool { return value != nil && *value }
