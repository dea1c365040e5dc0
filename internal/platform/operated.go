package platform

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// Operated returns an Installer for a cluster whose operator does the work: it writes the
// ControlPlane, or deletes it, and waits for what the operator makes of that.
func (i *Installer) Operated() *Installer {
	operated := *i
	operated.operated = true
	return &operated
}

// Installed tells whether the ControlPlane is on the cluster.
func (i *Installer) Installed(ctx context.Context, name string) (bool, error) {
	cp, err := i.installed(ctx, name)
	return cp != nil, err
}

// follow looks how far the operator is.
func (d *Driver) follow(ctx context.Context, name string) (kube.Outcome, error) {
	cp, err := d.read(ctx, name)
	switch {
	case err != nil:
		return kube.Outcome{}, err
	case cp == nil:
		return kube.Done(), nil
	case cp.DeletionTimestamp != nil:
		return kube.Wait(readyMessage(cp)), nil
	case cp.Status.ObservedGeneration != cp.Generation:
		return kube.Wait("the operator to see ControlPlane " + name), nil
	case cp.Status.Status == smmv1alpha1.StatusSucceeded:
		return kube.Done(), nil
	}
	return kube.Wait(readyMessage(cp)), nil
}

func readyMessage(cp *smmv1alpha1.ControlPlane) string {
	if ready := meta.FindStatusCondition(cp.Status.Conditions, kube.ReadyCondition); ready != nil && ready.Message != "" {
		return ready.Message
	}
	return "ControlPlane " + cp.Name + " to be reconciled"
}
