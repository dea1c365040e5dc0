package meshgateway

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Cluster is what the rendering of a gateway depends on beside the gateway and its control plane.
type Cluster struct {
	// KubernetesVersion is the cluster's, such as v1.36.3; "" for a recent one.
	KubernetesVersion string
	// OpenShift tells that the cluster has OpenShift's security context constraints.
	OpenShift bool
}

// clusterFacts finds out about the cluster once. It is safe for concurrent use.
type clusterFacts struct {
	kubernetesVersion string
	mapper            meta.RESTMapper

	mu    sync.Mutex
	known *Cluster
}

func (f *clusterFacts) get() (Cluster, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known != nil {
		return *f.known, nil
	}
	_, err := f.mapper.RESTMapping(schema.GroupKind{Group: "security.openshift.io", Kind: "SecurityContextConstraints"})
	if err != nil && !meta.IsNoMatchError(err) {
		return Cluster{}, fmt.Errorf("look for OpenShift's security context constraints: %w", err)
	}
	f.known = &Cluster{KubernetesVersion: f.kubernetesVersion, OpenShift: err == nil}
	return *f.known, nil
}
