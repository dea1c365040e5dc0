package mspider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/internal/frontdoor"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// finalizer keeps a deleted GlobalMesh until what it made in this cluster is gone. It never waits for another cluster.
const finalizer = "discovery.mspider.io/globalmesh"

// NewReconciler returns the reconciler of GlobalMeshes.
func NewReconciler(c client.Client, applier *kube.Applier, releases istio.Releases) *kube.Reconciler[*discoveryv3alpha1.GlobalMesh] {
	return &kube.Reconciler[*discoveryv3alpha1.GlobalMesh]{
		Client:    c,
		New:       func() *discoveryv3alpha1.GlobalMesh { return &discoveryv3alpha1.GlobalMesh{} },
		Finalizer: finalizer,
		Logic:     &logic{client: c, applier: applier, releases: releases},
	}
}

type logic struct {
	client   client.Client
	applier  *kube.Applier
	releases istio.Releases
}

// Reconcile applies what a mesh means in this cluster and describes what has become of it.
func (l *logic) Reconcile(ctx context.Context, mesh *discoveryv3alpha1.GlobalMesh, save kube.Save) (kube.Outcome, error) {
	around, err := observe(ctx, l.client)
	if err != nil {
		return kube.Outcome{}, err
	}
	mesh.Status.DeployNamespace = NamespaceOf(mesh)
	params := settingsOf(mesh.Spec.OwnerConfig.ControlPlaneParams)
	frontdoor.DescribeUnsupported(&mesh.Status.Conditions, discoveryv3alpha1.ConditionUnsupported, mesh.Generation, unsupportedOf(&mesh.Spec, params))
	members := Members(mesh, around.meshClusters)
	if found := obstacleTo(mesh, members, around); found != nil {
		setPhase(mesh, discoveryv3alpha1.MeshFailed, found.reason, found.message)
		return kube.Wait(found.message), nil
	}
	here := around.in(mesh)
	version := ""
	if memberNamed(members, here) != nil && modeIn(mesh, here) != "" {
		if version, err = l.releases.Version(ctx, params.version); err != nil {
			return kube.Outcome{}, fmt.Errorf("spec.ownerConfig.controlPlaneParams.%s: %w", paramVersion, err)
		}
	}
	translation, err := Translate(mesh, members, here, version)
	if err != nil {
		return kube.Outcome{}, err
	}
	if err := l.sync(ctx, mesh, translation, save); err != nil {
		return kube.Outcome{}, err
	}
	if err := l.describeExposure(ctx, mesh, translation.Hosted); err != nil {
		return kube.Outcome{}, err
	}
	return l.judge(ctx, mesh, around, translation)
}

// sync makes the cluster hold what the mesh means in it.
func (l *logic) sync(ctx context.Context, mesh *discoveryv3alpha1.GlobalMesh, t Translation, save kube.Save) error {
	var with []client.Object
	if t.Hosted != nil {
		with = append(with, t.Hosted)
	}
	return frontdoor.Sync(ctx, l.applier, ownerOf(mesh), t.ControlPlane, with, &mesh.Status.Inventory, save)
}

// Finalize removes what the mesh made in this cluster; its users hold the control plane.
func (l *logic) Finalize(ctx context.Context, mesh *discoveryv3alpha1.GlobalMesh, _ kube.Save) (kube.Outcome, error) {
	waiting, err := frontdoor.Remove(ctx, l.client, l.applier, ownerOf(mesh), kube.Refs(mesh.Status.Inventory))
	if err != nil || waiting == "" {
		return kube.Done(), err
	}
	setPhase(mesh, discoveryv3alpha1.MeshDeleting, "Deleting", waiting)
	return kube.Look(waiting), nil
}

// Fail notes an error for users.
func (l *logic) Fail(mesh *discoveryv3alpha1.GlobalMesh, err error) {
	if errors.Is(err, context.Canceled) || kube.IsTransient(err) {
		return
	}
	setPhase(mesh, discoveryv3alpha1.MeshFailed, "Failed", strings.Join(strings.Split(err.Error(), "\n"), "; "))
}

func ownerOf(mesh *discoveryv3alpha1.GlobalMesh) kube.Owner {
	return kube.Owner{Kind: discoveryv3alpha1.KindGlobalMesh, Namespace: mesh.Namespace, Name: mesh.Name}
}
