package controlplane

import (
	"encoding/json"
	"errors"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// setMeshConfig lays, one over the other, the mesh's config, what other fields of the
// specification say about it, and the specification's own config.
func setMeshConfig(values tree, spec *v1alpha1.IstioControlPlaneSpec, mesh *v1alpha1.IstioMesh) error {
	inherited, err := meshConfigOf(mesh)
	if err != nil {
		return err
	}
	own, err := objectOf(spec.MeshConfig, "spec.meshConfig")
	if err != nil {
		return err
	}
	tracer, err := objectOf(spec.Tracer, "spec.tracer")
	if err != nil {
		return err
	}
	if err := errors.Join(istio.CheckMeshConfig("spec.meshConfig", own), istio.CheckTracing("spec.tracer", tracer)); err != nil {
		return err
	}
	derived := derivedMeshConfig(spec)
	if len(tracer) > 0 {
		derived = merge(derived, map[string]any{"defaultConfig": map[string]any{"tracing": tracer}})
	}
	config := merge(merge(inherited, derived), own)
	if len(config) == 0 {
		return nil
	}
	// The chart replaces its own mesh config defaults by the map it is given, where they are not
	// merged by its template.
	values["meshConfig"] = merge(map[string]any{"enablePrometheusMerge": true}, config)
	return nil
}

// meshConfigOf is the config of a mesh, which is empty without one.
func meshConfigOf(mesh *v1alpha1.IstioMesh) (map[string]any, error) {
	if mesh == nil {
		return nil, nil
	}
	config, err := checkMesh(mesh)
	if err != nil {
		return nil, fmt.Errorf("IstioMesh %s/%s: %w", mesh.Namespace, mesh.Name, err)
	}
	return config, nil
}

// checkMesh returns the config of a mesh that fits Istio's type.
func checkMesh(mesh *v1alpha1.IstioMesh) (map[string]any, error) {
	config, err := objectOf(mesh.Spec.Config, "spec.config")
	if err != nil {
		return nil, err
	}
	return config, istio.CheckMeshConfig("spec.config", config)
}

// derivedMeshConfig is what fields of the specification other than meshConfig say about it.
func derivedMeshConfig(spec *v1alpha1.IstioControlPlaneSpec) map[string]any {
	defaults := map[string]any{}
	if spec.CAProvider != "" {
		// The chart sets it for one provider only.
		defaults["proxyMetadata"] = map[string]any{"CA_PROVIDER": spec.CAProvider}
	}
	if spec.Proxy != nil && spec.Proxy.HoldApplicationUntilProxyStarts != nil {
		defaults["holdApplicationUntilProxyStarts"] = *spec.Proxy.HoldApplicationUntilProxyStarts
	}
	if len(defaults) == 0 {
		return nil
	}
	return map[string]any{"defaultConfig": defaults}
}

// objectOf decodes a field that holds any object, nil when it is not set.
func objectOf(field *apiextensionsv1.JSON, path string) (map[string]any, error) {
	if field == nil || len(field.Raw) == 0 {
		return nil, nil
	}
	var object map[string]any
	if err := json.Unmarshal(field.Raw, &object); err != nil {
		return nil, fmt.Errorf("%s is no object: %w", path, err)
	}
	return object, nil
}

// validateMeshConfig has Istio's own code read the rendered mesh config: what istiod would refuse
// is refused before it is applied.
func validateMeshConfig(objects []*unstructured.Unstructured, revision istio.Revision) error {
	for _, object := range objects {
		if object.GetKind() != "ConfigMap" || object.GetName() != revision.MeshConfigMap() {
			continue
		}
		text, _, err := unstructured.NestedString(object.Object, "data", "mesh")
		if err != nil {
			return fmt.Errorf("read ConfigMap %s: %w", object.GetName(), err)
		}
		if err := istio.ValidateMeshConfig(text); err != nil {
			return fmt.Errorf("the mesh config in effect is invalid: %w", err)
		}
		return nil
	}
	return fmt.Errorf("the chart has rendered no ConfigMap %s", revision.MeshConfigMap())
}
