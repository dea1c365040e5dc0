package platform

import (
	"context"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/internal/kube"
)

const (
	establishInterval = 50 * time.Millisecond
	establishTimeout  = 30 * time.Second
)

// definitionsOwner owns the product's custom resource definitions. It is never removed: with them
// every custom resource would go.
func definitionsOwner() kube.Owner {
	return kube.Owner{Kind: "ServiceMeshManager", Name: "crds"}
}

// Definitions are the product's custom resource definitions.
func Definitions() ([]*unstructured.Unstructured, error) {
	all, err := crds.All()
	if err != nil {
		return nil, err
	}
	definitions := make([]*unstructured.Unstructured, 0, len(all))
	for _, definition := range all {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(definition)
		if err != nil {
			return nil, fmt.Errorf("encode CRD %s: %w", definition.Name, err)
		}
		unstructured.RemoveNestedField(content, "status")
		unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
		object := &unstructured.Unstructured{Object: content}
		object.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
		definitions = append(definitions, object)
	}
	return definitions, nil
}

// ApplyDefinitions applies the product's custom resource definitions and waits until the API
// server serves them.
func ApplyDefinitions(ctx context.Context, c client.Client, applier *kube.Applier) error {
	definitions, err := Definitions()
	if err != nil {
		return err
	}
	if _, err := applier.Apply(ctx, definitionsOwner(), definitions); err != nil {
		return err
	}
	for _, definition := range definitions {
		err := wait.PollUntilContextTimeout(ctx, establishInterval, establishTimeout, true, func(ctx context.Context) (bool, error) {
			var live apiextensionsv1.CustomResourceDefinition
			if err := c.Get(ctx, client.ObjectKeyFromObject(definition), &live); err != nil {
				return false, client.IgnoreNotFound(err)
			}
			return established(&live), nil
		})
		if err != nil {
			return fmt.Errorf("wait for CRD %s: %w", definition.GetName(), err)
		}
	}
	return nil
}

func established(definition *apiextensionsv1.CustomResourceDefinition) bool {
	for _, condition := range definition.Status.Conditions {
		if condition.Type == apiextensionsv1.Established {
			return condition.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}
