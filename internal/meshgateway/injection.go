package meshgateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// RevisionOf is the control plane that the gateway refers to: one of its own namespace unless
// another one is named.
func RevisionOf(gateway *v1alpha1.IstioMeshGateway) istio.Revision {
	revision := istio.Revision(gateway.Spec.IstioControlPlane)
	if revision.Namespace == "" {
		revision.Namespace = gateway.Namespace
	}
	return revision
}

// Annotations of a gateway's pods that tell what they were injected with.
const (
	versionAnnotation  = "smm.cisco.com/istio-version"
	checksumAnnotation = "smm.cisco.com/injection-checksum"
)

// Injection is what a control plane makes of a gateway's pods.
type Injection struct {
	// Revision is the control plane.
	Revision istio.Revision
	// Version is its Istio version.
	Version string
	// Checksum is one of everything that the control plane puts into pods.
	Checksum string
}

func (i Injection) annotations() map[string]string {
	return map[string]string{versionAnnotation: i.Version, checksumAnnotation: i.Checksum}
}

// injectionOf is what the control plane injects. It is settled only while the istiod that runs is
// the specified one: before that, it may still inject what was asked for earlier.
func injectionOf(icp *v1alpha1.IstioControlPlane, version string) (injection Injection, settled bool) {
	injection = Injection{Revision: istio.Revision{Name: icp.Name, Namespace: icp.Namespace}, Version: version}
	if icp.Status.Checksums != nil {
		injection.Checksum = injectionChecksum(icp)
	}
	ready := meta.FindStatusCondition(icp.Status.Conditions, v1alpha1.ConditionIstiodReady)
	settled = ready != nil && ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == icp.Generation
	return injection, settled && icp.DeletionTimestamp == nil
}

// injectionChecksum is of the injector's templates and values and of the proxies' start
// configuration. The rest of the mesh config reaches proxies while they run.
func injectionChecksum(icp *v1alpha1.IstioControlPlane) string {
	var mesh struct {
		DefaultConfig json.RawMessage `json:"defaultConfig"`
	}
	if icp.Status.MeshConfig != nil {
		_ = json.Unmarshal(icp.Status.MeshConfig.Raw, &mesh) // without one there is nothing to add
	}
	sum := sha256.Sum256([]byte(icp.Status.Checksums.SidecarInjector + "\x00" + string(mesh.DefaultConfig)))
	return hex.EncodeToString(sum[:])
}

// injected is what the pods of a gateway were told to be injected with, by the given control plane.
// known is false when it is another one, or none.
func injected(deployment *appsv1.Deployment, revision istio.Revision) (injection Injection, known bool) {
	if deployment == nil {
		return Injection{}, false
	}
	pod := deployment.Spec.Template.ObjectMeta
	if pod.Labels[istio.RevisionLabel] != revision.Label() || pod.Annotations[versionAnnotation] == "" {
		return Injection{}, false
	}
	return Injection{Revision: revision, Version: pod.Annotations[versionAnnotation], Checksum: pod.Annotations[checksumAnnotation]}, true
}
