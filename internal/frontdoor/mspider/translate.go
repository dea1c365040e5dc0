package mspider

import (
	"cmp"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// Translation is what a GlobalMesh means in one cluster.
type Translation struct {
	// ControlPlane is nil in a cluster that is not in the mesh, and where somebody else installs Istio.
	ControlPlane *v1alpha1.IstioControlPlane
	// Hosted is the Service by which other clusters reach a hosted control plane; nil where there is none.
	Hosted *corev1.Service
}

// Translate is pure. here is the cluster that the translation is for; version the full version of Istio.
func Translate(mesh *discoveryv3alpha1.GlobalMesh, members []Member, here, version string) (Translation, error) {
	member, mode := memberNamed(members, here), modeIn(mesh, here)
	if member == nil || mode == "" {
		return Translation{}, nil
	}
	s := settingsOf(mesh.Spec.OwnerConfig.ControlPlaneParams)
	icp := &v1alpha1.IstioControlPlane{}
	icp.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIstioControlPlane))
	icp.Namespace, icp.Name = NamespaceOf(mesh), mesh.Name
	icp.Spec = v1alpha1.IstioControlPlaneSpec{
		Version: version, Mode: mode, MeshID: mesh.Name, ClusterID: here, NetworkName: member.Network,
	}
	if mesh.Spec.Hub != "" {
		icp.Spec.ContainerImageConfiguration = &v1alpha1.ContainerImageConfig{Hub: strings.TrimSuffix(mesh.Spec.Hub, "/")}
	}
	if severalNetworks(members) {
		icp.Spec.MeshExpansion = &v1alpha1.MeshExpansionConfig{Enabled: new(true)}
	}
	if mode == v1alpha1.ModePassive {
		return Translation{ControlPlane: icp}, useAddress(icp, s.remoteAddress)
	}
	icp.Spec.Istiod = istiod(s)
	if err := nameNetworks(icp, s.networks); err != nil {
		return Translation{}, err
	}
	t := Translation{ControlPlane: icp}
	if mesh.Spec.Mode == discoveryv3alpha1.ModeHosted {
		t.Hosted = hosted(icp)
	}
	return t, nil
}

// modeIn is what a member's control plane is, "" where the product makes none.
func modeIn(mesh *discoveryv3alpha1.GlobalMesh, here string) v1alpha1.Mode {
	switch {
	case mesh.Spec.Mode == discoveryv3alpha1.ModeExternal:
		return ""
	case here == mesh.Spec.OwnerCluster:
		return v1alpha1.ModeActive
	case mesh.Spec.Mode == discoveryv3alpha1.ModeHosted:
		return v1alpha1.ModePassive
	}
	return ""
}

// NamespaceOf is the namespace of a mesh's control planes.
func NamespaceOf(mesh *discoveryv3alpha1.GlobalMesh) string {
	return cmp.Or(mesh.Spec.OwnerConfig.DeployNamespace, istio.DefaultNamespace)
}

// istiod is what the parameters say of it; nil for nothing.
func istiod(s settings) *v1alpha1.IstiodConfig {
	config := &v1alpha1.IstiodConfig{TraceSampling: s.sampling}
	if len(s.env) > 0 || s.available {
		config.Deployment = &v1alpha1.WorkloadConfig{}
		config.Deployment.Env = s.env
	}
	if s.available {
		config.Deployment.Replicas = &v1alpha1.Replicas{Min: new(int32(2)), Max: new(int32(5))}
		config.Deployment.PodDisruptionBudget = &v1alpha1.PodDisruptionBudget{MinAvailable: new(intstr.FromInt32(1))}
	}
	if config.Deployment == nil && config.TraceSampling == nil {
		return nil
	}
	return config
}

// useAddress has a passive control plane reach istiod at the address, if there is one, rather than where the owner's
// control plane says.
func useAddress(icp *v1alpha1.IstioControlPlane, address string) error {
	if address == "" {
		return nil
	}
	endpoints := []map[string]any{{"addresses": []string{address}, "conditions": map[string]any{"ready": true}}}
	return overlay(icp, "EndpointSlice", "", "/endpoints", endpoints, true)
}

// nameNetworks has istiod know the gateways of networks that it does not find out by itself.
func nameNetworks(icp *v1alpha1.IstioControlPlane, networks map[string][]networkGateway) error {
	if len(networks) == 0 {
		return nil
	}
	listed := map[string]any{}
	for name, gateways := range networks {
		listed[name] = map[string]any{"gateways": gateways}
	}
	revision := istio.Revision{Name: icp.Name, Namespace: icp.Namespace}
	return overlay(icp, "ConfigMap", revision.MeshConfigMap(), "/data/meshNetworks", map[string]any{"networks": listed}, false)
}

// overlay changes one place of a rendered object; an inner value is an object there, otherwise a text.
func overlay(icp *v1alpha1.IstioControlPlane, kind, name, path string, value any, inner bool) error {
	text, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s of %s: %w", path, kind, err)
	}
	change := v1alpha1.K8sResourceOverlay{
		GroupVersionKind: &v1alpha1.GroupVersionKind{Kind: kind},
		Patches:          []v1alpha1.OverlayPatch{{Path: path, Value: string(text), ParseValue: inner, Type: v1alpha1.OverlayPatchReplace}},
	}
	if name != "" {
		change.ObjectKey = &metav1alpha1.NamespacedName{Namespace: icp.Namespace, Name: name}
	}
	icp.Spec.K8sResourceOverlays = append(icp.Spec.K8sResourceOverlays, change)
	return nil
}
