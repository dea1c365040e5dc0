package meshgateway_test

import (
	"encoding/json"
	"os"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/meshgateway"
)

// Whatever a gateway says, rendering it ends with objects or with an error.
func FuzzObjects(f *testing.F) {
	for _, path := range gateways() {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		encoded, err := yaml.YAMLToJSON(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	release := builtin(f)
	f.Fuzz(func(t *testing.T, document []byte) {
		gateway := &v1alpha1.IstioMeshGateway{}
		if json.Unmarshal(document, gateway) != nil {
			return
		}
		injection := meshgateway.Injection{Revision: meshgateway.RevisionOf(gateway), Version: release.Version}
		objects, err := meshgateway.Objects(gateway, injection, release, meshgateway.Cluster{OpenShift: true})
		if err == nil && len(objects) == 0 {
			t.Error("neither objects nor an error")
		}
		meshgateway.Unsupported(gateway)
	})
}
