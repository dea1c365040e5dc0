package meshgateway

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// renderings remembers the objects of each gateway as they were last rendered, because a gateway
// is looked at much more often than it changes. It is safe for concurrent use.
type renderings struct {
	mu   sync.Mutex
	last map[client.ObjectKey]rendering
}

type rendering struct {
	input   [sha256.Size]byte
	objects []*unstructured.Unstructured
}

func newRenderings() *renderings {
	return &renderings{last: map[client.ObjectKey]rendering{}}
}

// objects are those of the function Objects. Callers must not change them.
func (r *renderings) objects(gateway *v1alpha1.IstioMeshGateway, injection Injection, release istio.Release, cluster Cluster) ([]*unstructured.Unstructured, error) {
	encoded, err := json.Marshal([]any{gateway.Spec, injection, cluster})
	if err != nil {
		return nil, fmt.Errorf("encode the gateway: %w", err)
	}
	key, input := client.ObjectKeyFromObject(gateway), sha256.Sum256(encoded)
	r.mu.Lock()
	known := r.last[key]
	r.mu.Unlock()
	if known.input == input {
		return known.objects, nil
	}
	objects, err := Objects(gateway, injection, release, cluster)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last[key] = rendering{input, objects}
	return objects, nil
}

func (r *renderings) forget(gateway *v1alpha1.IstioMeshGateway) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.last, client.ObjectKeyFromObject(gateway))
}
