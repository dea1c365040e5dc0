package controlplane

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// memory keeps what was rendered last, because most rounds of a reconciler render the same again.
type memory struct {
	mu       sync.Mutex
	rendered map[client.ObjectKey]renderedFrom
	// prepared are the definitions of releases, by the version of their charts and by where these come from.
	prepared map[string]kube.Prepared
}

type renderedFrom struct {
	input  [sha256.Size]byte
	result Rendered
}

// render is Render, with what it made of the same input the last time.
func (m *memory) render(icp *v1alpha1.IstioControlPlane, release istio.Release, facts Facts) (Rendered, error) {
	input, err := inputOf(icp, release, facts)
	if err != nil {
		return Rendered{}, err
	}
	key := client.ObjectKeyFromObject(icp)
	m.mu.Lock()
	known, found := m.rendered[key]
	m.mu.Unlock()
	if found && known.input == input {
		return known.result, nil
	}
	result, err := Render(icp, release, facts)
	if err != nil {
		return Rendered{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rendered == nil {
		m.rendered = map[client.ObjectKey]renderedFrom{}
	}
	m.rendered[key] = renderedFrom{input, result}
	return result, nil
}

// forget drops what was rendered for a control plane that is gone.
func (m *memory) forget(icp *v1alpha1.IstioControlPlane) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rendered, client.ObjectKeyFromObject(icp))
}

// inputOf is the digest of everything that Render depends on.
func inputOf(icp *v1alpha1.IstioControlPlane, release istio.Release, facts Facts) ([sha256.Size]byte, error) {
	withoutState := icp.DeepCopy()
	withoutState.Status = v1alpha1.IstioControlPlaneStatus{}
	withoutState.ManagedFields, withoutState.ResourceVersion = nil, ""
	encoded, err := json.Marshal(struct {
		ControlPlane *v1alpha1.IstioControlPlane
		Release      string
		Facts        Facts
	}{withoutState, chartsOf(release), facts})
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encode the control plane: %w", err)
	}
	return sha256.Sum256(encoded), nil
}

// definitions are the release's custom resource definitions, ready to be applied.
func (m *memory) definitions(release istio.Release) (kube.Prepared, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, found := m.prepared[chartsOf(release)]; found {
		return known, nil
	}
	definitions, err := release.CRDs()
	if err != nil {
		return kube.Prepared{}, err
	}
	prepared, err := kube.Prepare(istioCRDs(), definitions)
	if err != nil {
		return kube.Prepared{}, err
	}
	if m.prepared == nil {
		m.prepared = map[string]kube.Prepared{}
	}
	m.prepared[chartsOf(release)] = prepared
	return prepared, nil
}

// chartsOf names the charts of a release. Those of one version and place never change.
func chartsOf(release istio.Release) string {
	return fmt.Sprintf("%s %s %s %s", release.Version, release.ImageTag(), release.Source.Name, release.Source.URL)
}
