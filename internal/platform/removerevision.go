package platform

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/revision/census"
)

// RemoveControlPlane removes one control plane of a mesh that goes on, as after an upgrade. Unless
// the Installer is a forced one, the error is an *InUseError, and nothing was changed, when
// anybody uses it: also namespaces by their label alone. watch is told what is waited for.
func (i *Installer) RemoveControlPlane(ctx context.Context, plane istio.Revision, watch func(waiting string)) error {
	icp := &servicemeshv1alpha1.IstioControlPlane{}
	if err := i.client.Get(ctx, client.ObjectKey{Namespace: plane.Namespace, Name: plane.Name}, icp); err != nil {
		return fmt.Errorf("read IstioControlPlane %s/%s: %w", plane.Namespace, plane.Name, err)
	}
	if err := i.replaced(ctx, icp); err != nil {
		return err
	}
	if !i.forced {
		cluster, err := census.Take(ctx, i.client)
		if err != nil {
			return err
		}
		if usage := cluster.UsageOf(plane); usage.InUse() {
			return &InUseError{Revision: plane, Usage: usage}
		}
	}
	if err := i.client.Delete(ctx, icp); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete IstioControlPlane %s/%s: %w", plane.Namespace, plane.Name, err)
	}
	if i.forced {
		if err := releaseControlPlane(ctx, i.client, icp); err != nil {
			return err
		}
	}
	version, err := i.server.ServerVersion()
	if err != nil {
		return fmt.Errorf("read the Kubernetes version: %w", err)
	}
	return i.driver(version.GitVersion).finishRemovalOf(ctx, icp, watch)
}

// replaced fails while a ControlPlane asks for the control plane: it would be made again.
func (i *Installer) replaced(ctx context.Context, icp *servicemeshv1alpha1.IstioControlPlane) error {
	var all smmv1alpha1.ControlPlaneList
	if err := i.client.List(ctx, &all); ignoreNoKind(err) != nil {
		return fmt.Errorf("list ControlPlanes: %w", err)
	}
	for j := range all.Items {
		cp := &all.Items[j]
		asked := RevisionOf(cp, i.catalogue) == istio.Revision{Name: icp.Name, Namespace: icp.Namespace}
		if asked && icp.Annotations[kube.OwnerAnnotation] == ownerOf(cp).String() && (meshManager{}).enabled(cp) {
			return fmt.Errorf("ControlPlane %s asks for control plane %s and would make it again: install another Istio version first, or remove the mesh with `smm uninstall -a`",
				cp.Name, icp.Name)
		}
	}
	return nil
}

// finishRemovalOf reconciles an IstioControlPlane that is being deleted until nothing is left of it.
func (d *Driver) finishRemovalOf(ctx context.Context, icp *servicemeshv1alpha1.IstioControlPlane, watch func(waiting string)) error {
	return d.drive(ctx, ControlPlaneName, nil, func(*smmv1alpha1.ControlPlane) (bool, error) {
		live := &servicemeshv1alpha1.IstioControlPlane{}
		err := d.client.Get(ctx, client.ObjectKeyFromObject(icp), live)
		if apierrors.IsNotFound(err) || err == nil && live.UID != icp.UID {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read IstioControlPlane %s/%s: %w", icp.Namespace, icp.Name, err)
		}
		if watch != nil {
			watch("its objects to be removed")
			if users := meta.FindStatusCondition(live.Status.Conditions, servicemeshv1alpha1.ConditionInUse); users != nil {
				watch(users.Message)
			}
		}
		return false, nil
	})
}
