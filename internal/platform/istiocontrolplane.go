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

// IstioControlPlane is the IstioControlPlane that a ControlPlane asks for: the product's defaults,
// what the ControlPlane says of all its pods and of Istio's, and its istioCROverrides merged over
// them. The error names a managed setting that is overridden. It is pure.
func IstioControlPlane(cp *smmv1alpha1.ControlPlane, catalogue istio.Catalogue) (*unstructured.Unstructured, error) {
	manager, err := meshManagerSettingsOf(&cp.Spec)
	if err != nil {
		return nil, err
	}
	overrides, err := specOverrides(manager.Istio)
	if err != nil {
		return nil, err
	}
	if err := refuseManaged(&cp.Spec, overrides); err != nil {
		return nil, err
	}
	release, err := releaseOf(overrides, catalogue)
	if err != nil {
		return nil, err
	}
	spec, err := defaultSpec(&cp.Spec, manager.Istio, release)
	if err != nil {
		return nil, err
	}
	revision := RevisionOf(cp, catalogue)
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": servicemeshv1alpha1.GroupVersion.String(),
		"kind":       servicemeshv1alpha1.KindIstioControlPlane,
		"metadata":   map[string]any{"name": revision.Name, "namespace": revision.Namespace},
		"spec":       overlay(withExpansion(&cp.Spec, spec, overrides), overrides),
	}}, nil
}

// releaseOf is the release that the overrides ask for. One that nobody knows is the
// IstioControlPlane's matter, which says what there is.
func releaseOf(overrides map[string]any, catalogue istio.Catalogue) (istio.Release, error) {
	if version, set, _ := unstructured.NestedString(overrides, "version"); set {
		if release, err := catalogue.Find(version); err == nil {
			return release, nil
		}
	}
	return catalogue.Find("")
}

// specOverrides reads the specification that a ControlPlane lays over the defaults.
func specOverrides(settings *smmv1alpha1.MeshManagerIstio) (map[string]any, error) {
	if settings == nil {
		return nil, nil
	}
	text := cmp.Or(settings.IstioCROverrides, settings.IstioCRDOverrides)
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
