package demoapp

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshmanager/smm/internal/kube"
)

// partOf is the label that all objects of the application have, with its value.
const (
	partOfLabel = "app.kubernetes.io/part-of"
	partOf      = "smm-demo"
)

// Render returns the application's objects in the order of application.
func Render(o Options) ([]*unstructured.Unstructured, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	var objects []runtime.Object
	for _, component := range Components() {
		// Names must resolve in every cluster of the mesh, also where a service has no pods.
		objects = append(objects, service(o, component))
		if o.has(component) {
			objects = append(objects, serviceAccount(o, string(component)))
		}
	}
	for _, w := range workloads() {
		if !o.has(w.component) {
			continue
		}
		objects = append(objects, deployment(o, w))
		if o.scales(w) {
			objects = append(objects, autoscaler(o, w))
		}
	}
	if o.generatesLoad() {
		objects = append(objects, serviceAccount(o, LoadGenerator), loadSettings(o), loadGenerator(o))
	}
	return convert(append(objects, istioResources(o)...))
}

func convert(objects []runtime.Object) ([]*unstructured.Unstructured, error) {
	converted := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		text, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("encode demo application: %w", err)
		}
		u := &unstructured.Unstructured{}
		if err := json.Unmarshal(text, &u.Object); err != nil {
			return nil, fmt.Errorf("encode demo application: %w", err)
		}
		dropEmpty(u)
		converted = append(converted, u)
	}
	kube.SortForApply(converted)
	return converted, nil
}

// dropEmpty removes what the types write though nobody set it: it would be applied, and owned.
func dropEmpty(u *unstructured.Unstructured) {
	for _, path := range [][]string{
		{"status"}, {"spec", "strategy"}, {"metadata", "creationTimestamp"}, {"spec", "template", "metadata", "creationTimestamp"},
	} {
		unstructured.RemoveNestedField(u.Object, path...)
	}
	if spec, ok := u.Object["spec"].(map[string]any); ok && len(spec) == 0 {
		delete(u.Object, "spec")
	}
}

func serviceAccount(o Options, name string) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: objectMeta(o, name),
	}
}

func objectMeta(o Options, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: o.Namespace, Labels: map[string]string{partOfLabel: partOf}}
}
