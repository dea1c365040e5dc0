package controlplane

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// wantsBase tells whether the control plane needs what all control planes of a cluster share.
func wantsBase(icp *v1alpha1.IstioControlPlane) bool {
	return icp.Spec.Mode != v1alpha1.ModePassive
}

// holderOf is the control plane that brings what those share that want it: the oldest active one
// that is not being deleted. nil when nobody wants it.
func holderOf(all []v1alpha1.IstioControlPlane, wants func(*v1alpha1.IstioControlPlane) bool) *v1alpha1.IstioControlPlane {
	candidates := slices.DeleteFunc(slices.Clone(all), func(icp v1alpha1.IstioControlPlane) bool {
		return icp.DeletionTimestamp != nil || icp.Spec.Mode == v1alpha1.ModePassive || !wants(&icp)
	})
	if len(candidates) == 0 {
		return nil
	}
	oldest := slices.MinFunc(candidates, func(a, b v1alpha1.IstioControlPlane) int {
		return cmp.Or(
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			strings.Compare(a.Namespace, b.Namespace),
			strings.Compare(a.Name, b.Name),
		)
	})
	return &oldest
}

func isHolder(icp *v1alpha1.IstioControlPlane, all []v1alpha1.IstioControlPlane, wants func(*v1alpha1.IstioControlPlane) bool) bool {
	holder := holderOf(all, wants)
	return holder != nil && client.ObjectKeyFromObject(holder) == client.ObjectKeyFromObject(icp)
}

// passedOn lists those of the objects that another control plane brings from now on. They are not
// removed before it has taken them over: tokens of a service account, say, would not survive that.
func (l *logic) passedOn(ctx context.Context, icp *v1alpha1.IstioControlPlane, all []v1alpha1.IstioControlPlane, refs []kube.Ref) ([]kube.Ref, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	openShift, err := l.platform.isOpenShift()
	if err != nil {
		return nil, err
	}
	var taken []kube.Ref
	for _, share := range []struct {
		wants func(*v1alpha1.IstioControlPlane) bool
		facts Facts
	}{
		{wantsBase, Facts{KubernetesVersion: l.kubernetesVersion, OpenShift: openShift, Base: true}},
		{wantsCNI, Facts{KubernetesVersion: l.kubernetesVersion, OpenShift: openShift, CNI: true}},
	} {
		holder := holderOf(all, share.wants)
		if holder == nil || client.ObjectKeyFromObject(holder) == client.ObjectKeyFromObject(icp) {
			continue
		}
		release, err := l.releases.Release(ctx, holder.Spec.Version)
		if err != nil {
			return nil, fmt.Errorf("IstioControlPlane %s/%s, which is to take over: %w", holder.Namespace, holder.Name, err)
		}
		objects, err := sharedObjects(holder, release, share.facts)
		if err != nil {
			return nil, fmt.Errorf("IstioControlPlane %s/%s, which is to take over: %w", holder.Namespace, holder.Name, err)
		}
		taken = append(taken, kube.RefsOf(objects)...)
	}
	return kube.Difference(refs, kube.Difference(refs, taken)), nil
}
