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
// runs. They serve older releases too, and those of an older one would take fields away. While
// it is not known which is the newest, they stay as they are.
func (l *logic) applyCRDs(ctx context.Context, release istio.Release, all []v1alpha1.IstioControlPlane) error {
	for i := range all {
		other, err := l.releases.Release(ctx, all[i].Spec.Version)
		switch {
		case err == nil && other.NewerThan(release):
			release = other
		case err != nil && !istio.DoesNotExist(err):
			return nil // it may have newer definitions than ours
		}
	}
	definitions, err := l.memory.definitions(release)
	if err != nil {
		return err
	}
	_, err = l.applier.ApplyPrepared(ctx, definitions)
	return err
}
