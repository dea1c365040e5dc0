package platform

import (
	"cmp"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// DefaultMeshID is the mesh that a control plane belongs to unless told otherwise.
const DefaultMeshID = "mesh1"

// RevisionOf is the control plane that a ControlPlane installs: the one it refers to, or the
// documented name of the newest release in Istio's usual namespace.
func RevisionOf(cp *smmv1alpha1.ControlPlane, catalogue istio.Catalogue) istio.Revision {
	revision := istio.Revision{Namespace: istio.DefaultNamespace}
	if release, err := catalogue.Find(""); err == nil {
		revision.Name = istio.ControlPlaneName(release.Version)
	}
	if manager := cp.Spec.MeshManager; manager != nil && manager.Istio != nil && manager.Istio.IstioCRRef != nil {
		revision.Name = cmp.Or(manager.Istio.IstioCRRef.Name, revision.Name)
		revision.Namespace = cmp.Or(manager.Istio.IstioCRRef.Namespace, revision.Namespace)
	}
	return revision
}

// IstioControlPlane is the IstioControlPlane that a ControlPlane asks for: the product's defaults
// with the ControlPlane's istioCROverrides merged over them. It is pure.
func IstioControlPlane(cp *smmv1alpha1.ControlPlane, catalogue istio.Catalogue) (*unstructured.Unstructured, error) {
	release, err := catalogue.Find("")
	if err != nil {
		return nil, err
	}
	mode := servicemeshv1alpha1.ModeActive
	if cp.Spec.Role == smmv1alpha1.RolePassive {
		mode = servicemeshv1alpha1.ModePassive
	}
	spec := map[string]any{
		"version":     release.Version,
		"mode":        string(mode),
		"meshID":      DefaultMeshID,
		"networkName": "network1",
		"meshConfig":  map[string]any{"defaultConfig": map[string]any{"holdApplicationUntilProxyStarts": true}},
	}
	if cp.Spec.ClusterName != "" {
		spec["clusterID"] = cp.Spec.ClusterName
	}
	overrides, err := specOverrides(cp)
	if err != nil {
		return nil, err
	}
	revision := RevisionOf(cp, catalogue)
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": servicemeshv1alpha1.GroupVersion.String(),
		"kind":       servicemeshv1alpha1.KindIstioControlPlane,
		"metadata":   map[string]any{"name": revision.Name, "namespace": revision.Namespace},
		"spec":       overlay(spec, overrides),
	}}, nil
}

// specOverrides reads the specification that a ControlPlane lays over the defaults.
func specOverrides(cp *smmv1alpha1.ControlPlane) (map[string]any, error) {
	if cp.Spec.MeshManager == nil || cp.Spec.MeshManager.Istio == nil {
		return nil, nil
	}
	text := cmp.Or(cp.Spec.MeshManager.Istio.IstioCROverrides, cp.Spec.MeshManager.Istio.IstioCRDOverrides)
	var document struct {
		Spec map[string]any `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("spec.meshManager.istio.istioCROverrides is no YAML of an IstioControlPlane: %w", err)
	}
	return document.Spec, nil
}

// overlay lays one specification over another, map by map. Neither is changed.
func overlay(base, over map[string]any) map[string]any {
	merged := maps.Clone(base)
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		under, wasMap := merged[key].(map[string]any)
		if isMap && wasMap {
			merged[key] = overlay(under, inner)
		} else {
			merged[key] = value
		}
	}
	return merged
}
