package platform

import (
	"cmp"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// meshManagerSettingsOf merges the settings of the component that installs Istio.
func meshManagerSettingsOf(spec *smmv1alpha1.ControlPlaneSpec) (smmv1alpha1.MeshManager, error) {
	over := override{path: "spec.meshManager.valuesOverride", managed: []string{"enabled", "istio.enabled", "istio.istioCRRef"}}
	if spec.MeshManager != nil {
		over.values = spec.MeshManager.ValuesOverride
	}
	return settle(smmv1alpha1.MeshManager{}, spec.MeshManager, over)
}

// defaultSpec is an IstioControlPlane's specification as the product and the ControlPlane's own
// fields have it.
func defaultSpec(spec *smmv1alpha1.ControlPlaneSpec, settings *smmv1alpha1.MeshManagerIstio, release istio.Release) (map[string]any, error) {
	if settings == nil {
		settings = &smmv1alpha1.MeshManagerIstio{}
	}
	hub := cmp.Or(hubOf(spec.RepositoryOverride), istio.DefaultHub)
	image := func(name string) func(*smmv1alpha1.Image) string {
		return func(of *smmv1alpha1.Image) string {
			if of == nil || of.Repository == "" && of.Tag == "" {
				return ""
			}
			return cmp.Or(of.Repository, hub+"/"+name) + ":" + cmp.Or(of.Tag, release.ImageTag())
		}
	}
	wanted := servicemeshv1alpha1.IstioControlPlaneSpec{
		Version:     release.Version,
		Mode:        modeOf(spec.Role),
		MeshID:      DefaultMeshID,
		NetworkName: "network1",
		ClusterID:   spec.ClusterName,
		MeshConfig:  &apiextensionsv1.JSON{Raw: []byte(`{"defaultConfig":{"holdApplicationUntilProxyStarts":true}}`)},
	}
	if hub, secrets := hubOf(spec.RepositoryOverride), pullSecretsOf(spec); hub != "" || len(secrets) > 0 {
		wanted.ContainerImageConfiguration = &servicemeshv1alpha1.ContainerImageConfig{Hub: hub, ImagePullSecrets: secrets}
	}
	if deployment := istiodWorkload(spec, settings.Pilot, image("pilot")); deployment != nil {
		wanted.Istiod = &servicemeshv1alpha1.IstiodConfig{Deployment: deployment}
	}
	if proxy := settings.Proxy; proxy != nil && (proxy.Image != nil || proxy.Resources != nil) {
		wanted.Proxy = &servicemeshv1alpha1.ProxyConfig{Image: image("proxyv2")(proxy.Image), Resources: proxy.Resources}
	}
	if spec.Platform == smmv1alpha1.PlatformOpenShift {
		wanted.ProxyInit = openShiftCNI()
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&wanted)
	if err != nil {
		return nil, fmt.Errorf("encode the IstioControlPlane's specification: %w", err)
	}
	return content, nil
}

func modeOf(role smmv1alpha1.Role) servicemeshv1alpha1.Mode {
	if role == smmv1alpha1.RolePassive {
		return servicemeshv1alpha1.ModePassive
	}
	return servicemeshv1alpha1.ModeActive
}

// withExpansion adds what the ControlPlane says of its gateways' pods to the mesh expansion
// gateway, where the overrides ask for that.
func withExpansion(spec *smmv1alpha1.ControlPlaneSpec, defaults, overrides map[string]any) map[string]any {
	enabled, _, _ := unstructured.NestedBool(overrides, "meshExpansion", "enabled")
	workload := gatewayWorkload(spec)
	if !enabled || workload == nil {
		return defaults
	}
	deployment, err := runtime.DefaultUnstructuredConverter.ToUnstructured(workload)
	if err != nil {
		return defaults
	}
	expansion := map[string]any{"meshExpansion": map[string]any{"gateway": map[string]any{"deployment": deployment}}}
	return overlay(defaults, expansion)
}

// refuseManaged refuses overrides of what follows from the ControlPlane itself: control planes of
// a mesh that disagree with it about a cluster's name or role would not find each other.
func refuseManaged(spec *smmv1alpha1.ControlPlaneSpec, overrides map[string]any) error {
	role := ""
	if spec.Role != "" {
		role = string(modeOf(spec.Role))
	}
	for _, managed := range []struct{ field, follows, value string }{
		{"clusterID", "spec.clusterName", spec.ClusterName},
		{"mode", "spec.role", role},
	} {
		given, set := overrides[managed.field]
		if set && managed.value != "" && given != managed.value {
			return fmt.Errorf("spec.meshManager.istio.istioCROverrides: spec.%s is managed by the product and cannot be overridden: it follows %s and is %s",
				managed.field, managed.follows, managed.value)
		}
	}
	return nil
}
