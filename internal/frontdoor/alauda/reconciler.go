package alauda

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/frontdoor"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// finalizer keeps a deleted ServiceMesh until its objects are gone.
const finalizer = "asm.alauda.io/servicemesh"

// NewReconciler returns the reconciler of ServiceMeshes.
func NewReconciler(c client.Client, applier *kube.Applier, releases istio.Releases) *kube.Reconciler[*asmv1alpha1.ServiceMesh] {
	return &kube.Reconciler[*asmv1alpha1.ServiceMesh]{
		Client:    c,
		New:       func() *asmv1alpha1.ServiceMesh { return &asmv1alpha1.ServiceMesh{} },
		Finalizer: finalizer,
		Logic:     &logic{client: c, applier: applier, releases: releases},
	}
}

type logic struct {
	client   client.Client
	applier  *kube.Applier
	releases istio.Releases
}

// Reconcile applies the building blocks that a mesh means and describes what has become of them.
func (l *logic) Reconcile(ctx context.Context, mesh *asmv1alpha1.ServiceMesh, save kube.Save) (kube.Outcome, error) {
	if err := l.hidePasswords(ctx, mesh); err != nil {
		return kube.Outcome{}, err
	}
	around, err := l.observe(ctx, mesh)
	if err != nil {
		return kube.Outcome{}, err
	}
	if found := obstacleTo(mesh, around); found != nil {
		setPhase(mesh, asmv1alpha1.PhaseFailed, found.reason, found.message)
		mesh.Status.ErrorMessage = found.message
		return kube.Wait(found.message), nil
	}
	version, err := l.releases.Version(ctx, Version(mesh))
	if err != nil {
		return kube.Outcome{}, fmt.Errorf("spec.istioVersion: %w", err)
	}
	mesh.Status.DesiredVersion, mesh.Status.Revision = "v"+version, Revision(version)
	translation, err := Translate(mesh, version)
	if err != nil {
		return kube.Outcome{}, err
	}
	frontdoor.DescribeUnsupported(&mesh.Status.Conditions, asmv1alpha1.ConditionUnsupported, mesh.Generation, translation.Unsupported)
	if err := l.sync(ctx, mesh, translation, save); err != nil {
		return kube.Outcome{}, err
	}
	waiting, err := l.waitingFor(ctx, translation)
	if err != nil {
		return kube.Outcome{}, err
	}
	mesh.Status.ErrorMessage = ""
	if waiting != "" {
		setPhase(mesh, asmv1alpha1.PhaseDeploying, "Deploying", waiting)
		return kube.Wait(waiting), nil
	}
	mesh.Status.Version = mesh.Status.DesiredVersion
	setPhase(mesh, asmv1alpha1.PhaseDeployed, "Deployed", "the mesh is deployed")
	return kube.Done(), nil
}

// sync makes the cluster hold what the mesh means.
func (l *logic) sync(ctx context.Context, mesh *asmv1alpha1.ServiceMesh, t Translation, save kube.Save) error {
	gateways := make([]client.Object, len(t.Gateways))
	for i, gateway := range t.Gateways {
		gateways[i] = gateway
	}
	return frontdoor.Sync(ctx, l.applier, ownerOf(mesh), t.ControlPlane, gateways, &mesh.Status.Inventory, save)
}

// waitingFor says what the first part that is not available waits for, "" when all are.
func (l *logic) waitingFor(ctx context.Context, t Translation) (string, error) {
	if t.ControlPlane == nil {
		return "", nil
	}
	waiting, err := frontdoor.ControlPlaneWaits(ctx, l.client, client.ObjectKeyFromObject(t.ControlPlane))
	if err != nil || waiting != "" {
		return waiting, err
	}
	for _, wanted := range t.Gateways {
		gateway := &v1alpha1.IstioMeshGateway{}
		if err := l.client.Get(ctx, client.ObjectKeyFromObject(wanted), gateway); client.IgnoreNotFound(err) != nil {
			return "", fmt.Errorf("read a gateway: %w", err)
		}
		if gateway.Status.Status != v1alpha1.ConfigStateAvailable || gateway.Status.ObservedGeneration != gateway.Generation {
			return frontdoor.Waiting(v1alpha1.KindIstioMeshGateway, client.ObjectKeyFromObject(wanted), gateway.Status.ErrorMessage), nil
		}
	}
	return "", nil
}

// Finalize removes what the mesh made: gateways first, then the control plane, which its users hold.
func (l *logic) Finalize(ctx context.Context, mesh *asmv1alpha1.ServiceMesh, _ kube.Save) (kube.Outcome, error) {
	waiting, err := frontdoor.Remove(ctx, l.client, l.applier, ownerOf(mesh), kube.Refs(mesh.Status.Inventory))
	if err != nil || waiting == "" {
		return kube.Done(), err
	}
	setPhase(mesh, asmv1alpha1.PhaseDeleting, "Deleting", waiting)
	return kube.Look(waiting), nil
}

// Fail notes an error for users.
func (l *logic) Fail(mesh *asmv1alpha1.ServiceMesh, err error) {
	if errors.Is(err, context.Canceled) || kube.IsTransient(err) {
		return
	}
	mesh.Status.ErrorMessage = strings.Join(strings.Split(err.Error(), "\n"), "; ")
	setPhase(mesh, asmv1alpha1.PhaseFailed, "Failed", mesh.Status.ErrorMessage)
}

func ownerOf(mesh *asmv1alpha1.ServiceMesh) kube.Owner {
	return kube.Owner{Kind: asmv1alpha1.KindServiceMesh, Namespace: mesh.Namespace, Name: mesh.Name}
}
