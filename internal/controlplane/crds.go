package controlplane

import (
	"context"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// istioCRDs owns Istio's custom resource definitions. They belong to no control plane, because
// deleting them would delete every Istio resource of the users.
func istioCRDs() kube.Owner {
	return kube.Owner{Kind: "Istio", Name: "crds"}
}

// applyCRDs applies the definitions of the newest release that a control plane of the cluster
// runs. They serve older releases too, and those of an older one would take fields away.
func (l *logic) applyCRDs(ctx context.Context, release istio.Release, all []v1alpha1.IstioControlPlane) error {
	for i := range all {
		other, err := l.catalogue.Find(all[i].Spec.Version)
		if err == nil && other.NewerThan(release) { // one that does not exist runs nowhere
			release = other
		}
	}
	definitions, err := release.CRDs()
	if err != nil {
		return err
	}
	_, err = l.applier.Apply(ctx, istioCRDs(), definitions)
	return err
}
