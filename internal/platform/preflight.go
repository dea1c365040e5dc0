package platform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshmanager/smm/internal/istio"
)

// Facts is what is known about a cluster before anything is installed on it.
type Facts struct {
	// KubernetesVersion is the API server's version, such as v1.36.3.
	KubernetesVersion string
	// KubernetesMinor is its minor version, such as 36.
	KubernetesMinor uint64
	// DualStack tells that Services can get an IPv4 and an IPv6 address.
	DualStack bool
	// ControlPlanes are the names of the ControlPlane resources on the cluster.
	ControlPlanes []string
	// Revisions are the control planes on the cluster that the product manages.
	Revisions []istio.Revision
	// ForeignIstiods are Deployments of istiod that something else manages, as namespace/name.
	ForeignIstiods []string
}

// Plan is what is to be installed.
type Plan struct {
	Release      istio.Release
	Revision     istio.Revision
	ControlPlane string
	ClusterName  string
}

// check looks at one thing that must hold. Its reason is a word for programs, its message one
// line for users with the cause and the next step.
type check func(Facts, Plan) (reason, message string, failed bool)

// Refusal is why a plan cannot be carried out on a cluster.
type Refusal struct {
	Reason  string
	Message string
}

// Error is the message for users.
func (r *Refusal) Error() string { return r.Message }

// Preflight tells whether the plan can be carried out on a cluster with these facts; the error is
// the *Refusal of the first check that fails. It is pure.
func Preflight(facts Facts, plan Plan) error {
	for _, failed := range []check{kubernetesUnsupported, dualStack, otherControlPlane, foreignIstio, otherRevision} {
		if reason, message, failed := failed(facts, plan); failed {
			return &Refusal{Reason: reason, Message: message}
		}
	}
	return nil
}

func kubernetesUnsupported(facts Facts, plan Plan) (string, string, bool) {
	return "KubernetesUnsupported", fmt.Sprintf("the cluster runs Kubernetes %s, and Istio %s supports Kubernetes %s: use another cluster or another Istio version",
		facts.KubernetesVersion, plan.Release.Version, plan.Release.Kubernetes()), !plan.Release.SupportsKubernetes(facts.KubernetesMinor)
}

func dualStack(facts Facts, _ Plan) (string, string, bool) {
	return "DualStack", "the cluster is dual-stack (IPv4 and IPv6), which is not supported: use a single-stack cluster", facts.DualStack
}

func otherControlPlane(facts Facts, plan Plan) (string, string, bool) {
	others := slices.DeleteFunc(slices.Clone(facts.ControlPlanes), func(name string) bool { return name == plan.ControlPlane })
	if len(others) == 0 {
		return "", "", false
	}
	return "MeshExists", fmt.Sprintf("the cluster already has a mesh: ControlPlane %s; only one mesh per cluster is possible, remove it first with `smm uninstall -a`",
		strings.Join(others, ", ")), true
}

func foreignIstio(facts Facts, _ Plan) (string, string, bool) {
	if len(facts.ForeignIstiods) == 0 {
		return "", "", false
	}
	return "MeshExists", fmt.Sprintf("the cluster already has a mesh: an Istio that something else installed (Deployment %s); remove it first",
		strings.Join(facts.ForeignIstiods, ", ")), true
}

// otherRevision refuses a second mesh. The control plane of another Istio version beside that of
// the present ControlPlane is no other mesh but an upgrade.
func otherRevision(facts Facts, plan Plan) (string, string, bool) {
	others := slices.DeleteFunc(slices.Clone(facts.Revisions), func(r istio.Revision) bool { return r == plan.Revision })
	if len(others) == 0 || slices.Contains(facts.Revisions, plan.Revision) || slices.Contains(facts.ControlPlanes, plan.ControlPlane) {
		return "", "", false
	}
	return "MeshExists", fmt.Sprintf("the cluster already has a mesh: IstioControlPlane %s/%s; only one mesh per cluster is possible, remove it first with `smm uninstall -a`",
		others[0].Namespace, others[0].Name), true
}
