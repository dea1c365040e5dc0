package alauda

import (
	"context"
	"fmt"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/platform"
)

// observe reads what a mesh depends on.
func (l *logic) observe(ctx context.Context, mesh *asmv1alpha1.ServiceMesh) (surroundings, error) {
	var around surroundings
	var planes v1alpha1.IstioControlPlaneList
	if err := l.client.List(ctx, &planes); err != nil {
		return around, fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	var meshes asmv1alpha1.ServiceMeshList
	if err := l.client.List(ctx, &meshes); err != nil {
		return around, fmt.Errorf("list ServiceMeshes: %w", err)
	}
	var installations smmv1alpha1.ControlPlaneList
	if err := l.client.List(ctx, &installations); err != nil {
		return around, fmt.Errorf("list ControlPlanes: %w", err)
	}
	if mesh.Status.Phase != asmv1alpha1.PhaseDeployed { // it can only stop a mesh that is not there yet
		var err error
		if around.dualStack, err = platform.DualStackServices(ctx, l.client); err != nil {
			return around, err
		}
	}
	around.controlPlanes, around.meshes = planes.Items, meshes.Items
	for i := range installations.Items {
		around.cluster = installations.Items[i].Spec.ClusterName
	}
	return around, nil
}
