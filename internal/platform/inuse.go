package platform

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/revision"
	"github.com/meshmanager/smm/internal/revision/census"
)

// InUseError tells that proxies are attached to a control plane that is to go.
type InUseError struct {
	Revision istio.Revision
	Usage    revision.Usage
}

// Error says who uses the control plane and what to do.
func (e *InUseError) Error() string {
	return fmt.Sprintf("control plane %s is in use by %s: move or remove them first, or remove it all the same with --force", e.Revision.Label(), e.Usage)
}

// Forced returns an Installer that removes control planes whoever uses them.
func (i *Installer) Forced() *Installer {
	forced := *i
	forced.forced = true
	return &forced
}

// InUse returns an *InUseError when proxies are attached to a control plane that the ControlPlane
// made, those in the given namespaces aside.
func (i *Installer) InUse(ctx context.Context, name string, except ...string) error {
	made, err := madeBy(ctx, i.client, name)
	if err != nil || len(made) == 0 {
		return err
	}
	cluster, err := census.Take(ctx, i.client)
	if err != nil {
		return err
	}
	for j := range made {
		plane := istio.Revision{Name: made[j].Name, Namespace: made[j].Namespace}
		if usage := cluster.Except(except...).UsageOf(plane); usage.Serving() {
			return &InUseError{Revision: plane, Usage: usage}
		}
	}
	return nil
}

// madeBy lists the control planes that a ControlPlane made.
func madeBy(ctx context.Context, reader client.Reader, name string) ([]servicemeshv1alpha1.IstioControlPlane, error) {
	var all servicemeshv1alpha1.IstioControlPlaneList
	if err := reader.List(ctx, &all); ignoreNoKind(err) != nil {
		return nil, fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	owner := kube.Owner{Kind: smmv1alpha1.KindControlPlane, Name: name}.String()
	var made []servicemeshv1alpha1.IstioControlPlane
	for _, icp := range all.Items {
		if icp.Annotations[kube.OwnerAnnotation] == owner {
			made = append(made, icp)
		}
	}
	return made, nil
}

// release lets the control planes that a ControlPlane made go whoever uses them.
func (d *Driver) release(ctx context.Context, name string) error {
	made, err := madeBy(ctx, d.client, name)
	if err != nil {
		return err
	}
	for i := range made {
		if err := releaseControlPlane(ctx, d.client, &made[i]); err != nil {
			return err
		}
	}
	return nil
}

// releaseControlPlane lets one control plane go whoever uses it.
func releaseControlPlane(ctx context.Context, c client.Client, icp *servicemeshv1alpha1.IstioControlPlane) error {
	if icp.Annotations[servicemeshv1alpha1.AnnotationForceDeletion] == "true" {
		return nil
	}
	before := icp.DeepCopy()
	if icp.Annotations == nil {
		icp.Annotations = map[string]string{}
	}
	icp.Annotations[servicemeshv1alpha1.AnnotationForceDeletion] = "true"
	if err := c.Patch(ctx, icp, client.MergeFrom(before), client.FieldOwner(kube.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("annotate IstioControlPlane %s/%s: %w", icp.Namespace, icp.Name, err)
	}
	return nil
}
