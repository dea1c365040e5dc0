package istio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

const (
	// TagLabel marks what Istio's chart makes for a revision tag.
	TagLabel = "istio.io/tag"

	managedByLabel = "app.kubernetes.io/managed-by"
)

// ControlPlane renders the objects of one control plane: istiod with its configuration, rights
// and webhooks, and the webhook of the documented revision label. input holds values of Istio's
// istiod chart; revision and names are set by this function. kubernetesVersion (such as v1.36.3)
// is the version that the chart renders for, "" for a recent one.
func (r Release) ControlPlane(revision Revision, input map[string]any, kubernetesVersion string) ([]*unstructured.Unstructured, error) {
	merged := maps.Clone(input)
	if merged == nil {
		merged = values{}
	}
	merged["revision"] = revision.Name
	merged["revisionTags"] = []any{revision.Label()}
	if compatible := r.CompatibilityVersion(); compatible != "" {
		merged["compatibilityVersion"] = compatible
	}
	files, err := r.render(ChartIstiod, revision.Istiod(), revision.Namespace, merged, kubernetesVersion)
	if err != nil {
		return nil, err
	}
	objects, err := parse(files)
	if err != nil {
		return nil, err
	}
	if err := r.explicitRoles(objects); err != nil {
		return nil, err
	}
	// The chart makes a Service named after the tag, and a Service's name may hold no dot.
	return slices.DeleteFunc(objects, func(object *unstructured.Unstructured) bool {
		return object.GetKind() == "Service" && object.GetLabels()[TagLabel] != ""
	}), nil
}

// Base renders what all control planes of a cluster share, except the custom resource
// definitions: the account that peers read with and the webhook that validates Istio's
// resources by the given control plane.
func (r Release) Base(revision Revision, kubernetesVersion string) ([]*unstructured.Unstructured, error) {
	files, err := r.render(ChartBase, "istio-base", revision.Namespace, values{
		"global":          values{"istioNamespace": revision.Namespace},
		"defaultRevision": revision.Name,
		"base":            values{"validationFailurePolicy": "Fail"},
	}, kubernetesVersion, crdTemplate)
	if err != nil {
		return nil, err
	}
	return parse(files)
}

// CNI renders Istio's CNI plugin, which has fixed names: a cluster has one for all its control
// planes. input holds values of Istio's istio-cni chart.
func (r Release) CNI(revision Revision, input map[string]any, kubernetesVersion string) ([]*unstructured.Unstructured, error) {
	merged := maps.Clone(input)
	if merged == nil {
		merged = values{}
	}
	merged["revision"] = revision.Name
	if compatible := r.CompatibilityVersion(); compatible != "" {
		merged["compatibilityVersion"] = compatible
	}
	files, err := r.render(ChartCNI, "istio-cni", revision.Namespace, merged, kubernetesVersion)
	if err != nil {
		return nil, err
	}
	return parse(files)
}

// CRDs are Istio's custom resource definitions. Callers must not change them.
func (r Release) CRDs() ([]*unstructured.Unstructured, error) {
	if r.definitions != nil {
		return r.definitions()
	}
	return r.readCRDs()
}

func (r Release) readCRDs() ([]*unstructured.Unstructured, error) {
	files, err := r.files(ChartBase)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		// Charts before Istio 1.24 have the definitions in Helm's own folder for them.
		if file.Name == "files/crd-all.gen.yaml" || file.Name == "crds/crd-all.gen.yaml" {
			objects, err := parse(map[string]string{file.Name: string(file.Data)})
			if err != nil {
				return nil, err
			}
			return slices.DeleteFunc(objects, func(object *unstructured.Unstructured) bool { return !isCRD(object) }), nil
		}
	}
	return nil, fmt.Errorf("chart %s of Istio %s holds no custom resource definitions", ChartBase, r.Version)
}

func isCRD(object *unstructured.Unstructured) bool {
	return object.GetKind() == "CustomResourceDefinition"
}

// parse reads the rendered files in a stable order. Files without objects are passed over.
func parse(files map[string]string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".txt") {
			continue
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(files[name])), 4096)
		for {
			object := &unstructured.Unstructured{}
			err := decoder.Decode(object)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("parse rendered %s: %w", name, err)
			}
			if len(object.Object) > 0 {
				dropHelm(object)
				objects = append(objects, object)
			}
		}
	}
	return objects, nil
}

// dropHelm removes the claim that Helm manages the object and its pods: no Helm release exists.
func dropHelm(object *unstructured.Unstructured) {
	for _, path := range [][]string{
		{"metadata", "labels", managedByLabel},
		{"spec", "template", "metadata", "labels", managedByLabel},
	} {
		unstructured.RemoveNestedField(object.Object, path...)
	}
}
