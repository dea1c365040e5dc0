package decode_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/meshmanager/smm/internal/validation/decode"
)

func virtualService(spec string) string {
	return `{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"a","namespace":"b"},"spec":` + spec + `}`
}

// A field of another version of Istio changes nothing of what the others say.
func TestUnknownFieldsOfIstioChangeNothing(t *testing.T) {
	decoder := decode.NewDecoder()
	var specs []any
	for _, spec := range []string{
		`{"hosts":["one","two"],"http":[{"route":[{"destination":{"host":"one"}}]}]}`,
		`{"hosts":["one","two"],"http":[{"route":[{"destination":{"host":"one"}}],"later":{"a":[1]}}],"other":true}`,
	} {
		document, err := decoder.Document("c1", "default", []byte(virtualService(spec)))
		if err != nil || len(document.Objects) != 1 {
			t.Fatalf("%v, %d objects", err, len(document.Objects))
		}
		specs = append(specs, document.Objects[0].Spec)
	}
	if diff := cmp.Diff(specs[0], specs[1], protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

// A value of the wrong type is refused, with the name of the object.
func TestWrongValuesOfIstioAreRefused(t *testing.T) {
	for name, spec := range map[string]string{
		"a number for a list":  `{"hosts":7}`,
		"a text for a number":  `{"hosts":["a"],"http":[{"redirect":{"redirectCode":"many"}}]}`,
		"a text for an object": `{"http":["a"]}`,
	} {
		document, err := decode.NewDecoder().Document("c1", "default", []byte(virtualService(spec)))
		if err == nil || len(document.Objects) != 0 || !strings.Contains(err.Error(), "VirtualService a") {
			t.Errorf("%s: %v, %d objects", name, err, len(document.Objects))
		}
	}
}
