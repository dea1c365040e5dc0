package alauda

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
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
	describeUnsupported(mesh, translation.Unsupported)
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
	var objects []*unstructured.Unstructured
	if t.ControlPlane != nil {
		namespace := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": t.ControlPlane.Namespace},
		}}
		// It is not in the inventory: other things may be in it, and it stays when the mesh goes.
		if _, err := l.applier.Apply(ctx, ownerOf(mesh), []*unstructured.Unstructured{namespace}); err != nil {
			return err
		}
		object, err := encoded(t.ControlPlane)
		if err != nil {
			return err
		}
		objects = append(objects, object)
	}
	for _, gateway := range t.Gateways {
		object, err := encoded(gateway)
		if err != nil {
			return err
		}
		objects = append(objects, object)
	}
	record := func(ctx context.Context, refs []kube.Ref) error {
		mesh.Status.Inventory = kube.Entries(refs)
		return save(ctx)
	}
	_, err := l.applier.Sync(ctx, ownerOf(mesh), objects, kube.Refs(mesh.Status.Inventory), record)
	return err
}

func encoded(object runtime.Object) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", object, err)
	}
	unstructured.RemoveNestedField(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	return &unstructured.Unstructured{Object: content}, nil
}

// waitingFor says what the first part that is not available waits for, "" when all are.
func (l *logic) waitingFor(ctx context.Context, t Translation) (string, error) {
	if t.ControlPlane == nil {
		return "", nil
	}
	icp := &v1alpha1.IstioControlPlane{}
	if err := l.client.Get(ctx, client.ObjectKeyFromObject(t.ControlPlane), icp); client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("read the control plane: %w", err)
	}
	if icp.Status.Status != v1alpha1.ConfigStateAvailable || icp.Status.ObservedGeneration != icp.Generation {
		return waiting("IstioControlPlane", icp.Namespace+"/"+t.ControlPlane.Name, icp.Status.ErrorMessage), nil
	}
	for _, wanted := range t.Gateways {
		gateway := &v1alpha1.IstioMeshGateway{}
		if err := l.client.Get(ctx, client.ObjectKeyFromObject(wanted), gateway); client.IgnoreNotFound(err) != nil {
			return "", fmt.Errorf("read a gateway: %w", err)
		}
		if gateway.Status.Status != v1alpha1.ConfigStateAvailable || gateway.Status.ObservedGeneration != gateway.Generation {
			return waiting("IstioMeshGateway", wanted.Namespace+"/"+wanted.Name, gateway.Status.ErrorMessage), nil
		}
	}
	return "", nil
}

func waiting(kind, name, problem string) string {
	if problem != "" {
		return kind + " " + name + ": " + problem
	}
	return kind + " " + name + " is not available yet"
}

// Finalize removes what the mesh made: gateways first, then the control plane, which its users hold.
func (l *logic) Finalize(ctx context.Context, mesh *asmv1alpha1.ServiceMesh, _ kube.Save) (kube.Outcome, error) {
	known := kube.Refs(mesh.Status.Inventory)
	if _, err := l.applier.Remove(ctx, ownerOf(mesh), known); err != nil {
		return kube.Outcome{}, err
	}
	remaining, err := l.applier.Remaining(ctx, ownerOf(mesh), known)
	if err != nil {
		return kube.Outcome{}, err
	}
	if len(remaining) == 0 {
		return kube.Done(), nil
	}
	message, err := l.heldBy(ctx, remaining[0])
	if err != nil {
		return kube.Outcome{}, err
	}
	setPhase(mesh, asmv1alpha1.PhaseDeleting, "Deleting", message)
	return kube.Look(message), nil
}

// heldBy says why an object that is being deleted is still there.
func (l *logic) heldBy(ctx context.Context, ref kube.Ref) (string, error) {
	message := fmt.Sprintf("waiting for %s to be removed", ref)
	if ref.Kind != v1alpha1.KindIstioControlPlane {
		return message, nil
	}
	icp := &v1alpha1.IstioControlPlane{}
	if err := l.client.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, icp); client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("read the control plane: %w", err)
	}
	for _, condition := range icp.Status.Conditions {
		if condition.Type == v1alpha1.ConditionInUse {
			return message + ": " + condition.Message, nil
		}
	}
	return message, nil
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
