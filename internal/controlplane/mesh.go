package controlplane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// NewMeshReconciler returns the reconciler of IstioMeshes. It makes nothing: control planes read
// the mesh that they belong to, and their reconciler is to run when one changes.
func NewMeshReconciler(c client.Client) *kube.Reconciler[*v1alpha1.IstioMesh] {
	return &kube.Reconciler[*v1alpha1.IstioMesh]{
		Client: c,
		New:    func() *v1alpha1.IstioMesh { return &v1alpha1.IstioMesh{} },
		Logic:  &meshLogic{client: c},
	}
}

type meshLogic struct {
	client client.Client
}

// Reconcile checks the mesh's config and tells who inherits it.
func (l *meshLogic) Reconcile(ctx context.Context, mesh *v1alpha1.IstioMesh, _ kube.Save) (kube.Outcome, error) {
	if err := validateMesh(mesh); err != nil {
		return kube.Outcome{}, err
	}
	members, err := MembersOf(ctx, l.client, client.ObjectKeyFromObject(mesh))
	if err != nil {
		return kube.Outcome{}, err
	}
	message := "no control plane of the namespace belongs to the mesh"
	if len(members) > 0 {
		message = "inherited by " + strings.Join(members, ", ")
	}
	mesh.Status.ErrorMessage = ""
	setMeshState(mesh, v1alpha1.ConfigStateAvailable, message)
	return kube.Done(), nil
}

// Finalize has nothing to take away.
func (l *meshLogic) Finalize(context.Context, *v1alpha1.IstioMesh, kube.Save) (kube.Outcome, error) {
	return kube.Done(), nil
}

// Fail notes the error for users.
func (l *meshLogic) Fail(mesh *v1alpha1.IstioMesh, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	mesh.Status.ErrorMessage = oneLine(err)
	setMeshState(mesh, v1alpha1.ConfigStateReconcileFailed, mesh.Status.ErrorMessage)
}

func setMeshState(mesh *v1alpha1.IstioMesh, state v1alpha1.ConfigState, message string) {
	mesh.Status.ObservedGeneration = mesh.Generation
	mesh.Status.Status = state
	ready := metav1.ConditionFalse
	if state == v1alpha1.ConfigStateAvailable {
		ready = metav1.ConditionTrue
	}
	kube.SetReady(&mesh.Status.Conditions, mesh.Generation, ready, string(state), message)
}

// validateMesh refuses a config that istiod would refuse.
func validateMesh(mesh *v1alpha1.IstioMesh) error {
	config, err := checkMesh(mesh)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return fmt.Errorf("encode spec.config: %w", err)
	}
	if err := istio.ValidateMeshConfig(string(text)); err != nil {
		return fmt.Errorf("spec.config is invalid: %w", err)
	}
	return nil
}

// MembersOf lists the control planes that inherit the settings of the named IstioMesh, by name.
// They are in its namespace.
func MembersOf(ctx context.Context, reader client.Reader, mesh client.ObjectKey) ([]string, error) {
	var all v1alpha1.IstioControlPlaneList
	if err := reader.List(ctx, &all, client.InNamespace(mesh.Namespace)); err != nil {
		return nil, fmt.Errorf("list IstioControlPlanes of namespace %s: %w", mesh.Namespace, err)
	}
	var members []string
	for _, icp := range all.Items {
		if icp.Spec.MeshID == mesh.Name {
			members = append(members, icp.Name)
		}
	}
	slices.Sort(members)
	return members, nil
}
