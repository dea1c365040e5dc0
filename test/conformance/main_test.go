// Package conformance tries the product's custom resources on a real API server: what the documentation prints is
// accepted as it is, and what makes no sense is refused with a reason.
package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

const (
	fieldManager   = "conformance"
	servingTimeout = time.Minute
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	kubetest.Main(m)
}

// cluster is an API server that serves the product's kinds.
type cluster struct {
	*kubetest.Cluster
	dynamic  dynamic.Interface
	typed    client.WithWatch // knows the product's kinds and Kubernetes' own
	kinds    map[schema.GroupKind]*apiextensionsv1.CustomResourceDefinition
	warnings *warnings
}

func start(t *testing.T, options ...kubetest.Option) *cluster {
	t.Helper()
	base := kubetest.Start(t, options...)
	warnings := &warnings{}
	base.Config.WarningHandler = warnings
	dynamics, err := dynamic.NewForConfig(base.Config)
	if err != nil {
		t.Fatal(err)
	}
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	typed, err := client.NewWithWatch(base.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{base, dynamics, typed, map[schema.GroupKind]*apiextensionsv1.CustomResourceDefinition{}, warnings}
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range definitions {
		c.kinds[schema.GroupKind{Group: definition.Spec.Group, Kind: definition.Spec.Names.Kind}] = definition
		c.install(t, definition)
	}
	return c
}

// install makes the API server serve a kind and waits until it does.
func (c *cluster) install(t *testing.T, definition *apiextensionsv1.CustomResourceDefinition) {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(definition)
	if err != nil {
		t.Fatal(err)
	}
	resource := c.dynamic.Resource(apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"))
	options := metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}
	_, err = resource.Create(t.Context(), &unstructured.Unstructured{Object: content}, options)
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatalf("install %s: %v", definition.Name, err)
	}
	err = wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, servingTimeout, true, func(ctx context.Context) (bool, error) {
		got, err := resource.Get(ctx, definition.Name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		installed := &apiextensionsv1.CustomResourceDefinition{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(got.Object, installed); err != nil {
			return false, err
		}
		return established(installed)
	})
	if err != nil {
		t.Fatalf("%s is not served: %v", definition.Name, err)
	}
}

func established(definition *apiextensionsv1.CustomResourceDefinition) (bool, error) {
	for _, condition := range definition.Status.Conditions {
		switch {
		case condition.Type == apiextensionsv1.NonStructuralSchema && condition.Status == apiextensionsv1.ConditionTrue,
			condition.Type == apiextensionsv1.NamesAccepted && condition.Status == apiextensionsv1.ConditionFalse:
			return false, fmt.Errorf("%s: %s", condition.Type, condition.Message)
		case condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue:
			return true, nil
		}
	}
	return false, nil
}

// resource returns the client for the kind and namespace of an object, and makes the namespace.
func (c *cluster) resource(t *testing.T, object *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	kind := object.GroupVersionKind()
	definition := c.kinds[kind.GroupKind()]
	if definition == nil {
		t.Fatalf("no kind %s", kind)
	}
	resource := c.dynamic.Resource(kind.GroupVersion().WithResource(definition.Spec.Names.Plural))
	if definition.Spec.Scope == apiextensionsv1.ClusterScoped {
		return resource
	}
	namespaces := c.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	namespace := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": object.GetNamespace()},
	}}
	_, err := namespaces.Create(t.Context(), namespace, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	return resource.Namespace(object.GetNamespace())
}

// create makes an object and deletes it at the end of the test.
func (c *cluster) create(t *testing.T, object *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	resource := c.resource(t, object)
	made, err := resource.Create(t.Context(), object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := resource.Delete(ctx, made.GetName(), metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return made
}

// warnings collects what the API server warns of.
type warnings struct {
	mu   sync.Mutex
	text []string
}

func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text)
}

func (w *warnings) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.text...)
}

func read(t *testing.T, path string) *unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	asJSON, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(asJSON); err != nil {
		t.Fatal(err)
	}
	return object
}

func testdata(t *testing.T, pattern ...string) []string {
	t.Helper()
	parts := append([]string{kubetest.RepositoryRoot(t), "api", "testdata"}, pattern...)
	paths, err := filepath.Glob(filepath.Join(parts...))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no files, error %v", filepath.Join(parts...), err)
	}
	return paths
}
