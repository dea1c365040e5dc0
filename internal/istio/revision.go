package istio

import "strings"

// RevisionLabel is the label by which a namespace or a pod selects a control plane.
const RevisionLabel = "istio.io/rev"

// InjectionLabel is Istio's older label of namespaces; only a default revision honours it.
const InjectionLabel = "istio-injection"

// ProxylessLabel is the label of nodes whose pods have no Envoy: "true" makes the demo application speak gRPC itself and
// leaves the product's gateway out.
const ProxylessLabel = "smm.cisco.com/proxyless"

// DefaultNamespace is the namespace that control planes are installed to unless told otherwise.
const DefaultNamespace = "istio-system"

// What istiod keeps in every namespace: its root certificate, and the list of certificates that were revoked.
const (
	RootCertConfigMap = "istio-ca-root-cert"
	CRLConfigMap      = "istio-ca-crl"
)

// Revision is one control plane: the istiod of an IstioControlPlane.
type Revision struct {
	// Name is the IstioControlPlane's name. It is Istio's own revision too.
	Name string
	// Namespace is where the control plane runs.
	Namespace string
}

// Label is the documented value of RevisionLabel that selects the control plane: <name>.<namespace>.
func (r Revision) Label() string {
	return r.Name + "." + r.Namespace
}

// Istiod is the name of the control plane's Deployment and Service.
func (r Revision) Istiod() string {
	return "istiod-" + r.Name
}

// IstiodHost is the host name at which proxies reach the control plane.
func (r Revision) IstiodHost() string {
	return r.Istiod() + "." + r.Namespace + ".svc"
}

// ExpansionGateway is the name of the gateway through which other networks reach the mesh.
func (r Revision) ExpansionGateway() string {
	return "istio-meshexpansion-" + r.Name
}

// MeshConfigMap is the name of the ConfigMap with the mesh config.
func (r Revision) MeshConfigMap() string {
	return "istio-" + r.Name
}

// Selects tells whether the value of a RevisionLabel selects this control plane.
func (r Revision) Selects(label string) bool {
	return label == r.Label() || label == r.Name
}

// ParseRevisionLabel splits the documented form <name>.<namespace>. ok is false for other forms.
func ParseRevisionLabel(label string) (revision Revision, ok bool) {
	name, namespace, found := strings.Cut(label, ".")
	if !found || name == "" || namespace == "" {
		return Revision{}, false
	}
	return Revision{Name: name, Namespace: namespace}, true
}

// ControlPlaneName is the documented name of the control plane of a release: cp-v131x for 1.31.1.
func ControlPlaneName(version string) string {
	return "cp-v" + strings.ReplaceAll(minorOf(version), ".", "") + "x"
}
