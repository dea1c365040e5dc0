package validation

import (
	"cmp"
	"time"
)

// ID tells one object of one cluster from all others.
type ID struct {
	Cluster   string
	Kind      Kind
	Namespace string // empty for what is in no namespace
	Name      string
}

// String is the documented context key: gateway.networking.istio.io:master:istio-system:demo-gw.
func (id ID) String() string {
	if id.Namespace == "" {
		return string(id.Kind) + ":" + id.Cluster + ":" + id.Name
	}
	return string(id.Kind) + ":" + id.Cluster + ":" + id.Namespace + ":" + id.Name
}

// Qualified is <namespace>/<name>, or the name of what is in no namespace.
func (id ID) Qualified() string {
	if id.Namespace == "" {
		return id.Name
	}
	return id.Namespace + "/" + id.Name
}

func compareIDs(a, b ID) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.Cluster, b.Cluster),
	)
}

// Object is what checks read of one object. It is never changed once it is in a Mesh.
type Object struct {
	ID
	Labels      map[string]string
	Annotations map[string]string
	Created     time.Time
	Version     string // resource version; empty for what comes from a file
	Generation  int64
	// Spec is the typed specification: *networking.VirtualService, *corev1.ServiceSpec, … For kinds without one it is
	// the whole object (*corev1.Secret, *corev1.ConfigMap, …). Its type belongs to the kind.
	Spec any
	// Status is the typed status where the kind has one that checks read.
	Status any
	// Source is where the object was read when it comes from a file.
	Source Source
	// Planned marks an object that is not there but that others ask for: pods of a Deployment in a file.
	Planned bool
}

// Source is a place in a file.
type Source struct {
	File string
	Line int // of the document's first line, counted from 1
}

// SpecOf returns the specification of an object; the zero value when it is of another type.
func SpecOf[T any](o *Object) T {
	spec, _ := o.Spec.(T)
	return spec
}

// ClusterFacts is what is known of a cluster as a whole.
type ClusterFacts struct {
	Network string // network of its pods; empty when it is not told
}

// ProxyState is what a control plane tells about one connected proxy, whose pod has the same namespace and name.
type ProxyState struct {
	ControlPlane string   // revision of the istiod that the proxy is connected to
	Version      string   // of the proxy's Istio
	Stale        []string // resource types that were sent and not acknowledged, such as CDS
	Rejected     []string // resource types whose last version the proxy rejected
}
