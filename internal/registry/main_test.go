package registry

import (
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/kube/kubetest"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	kubetest.Main(m)
}

func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	decoded := &unstructured.Unstructured{}
	encoded, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := decoded.UnmarshalJSON(encoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

func read[T any](t testing.TB, text string) T {
	t.Helper()
	var into T
	if err := yaml.UnmarshalStrict([]byte(text), &into); err != nil {
		t.Fatal(err)
	}
	return into
}
