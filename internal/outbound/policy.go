// Package outbound sets what the workloads of a mesh may reach outside of it.
//
// The policy is a setting of Istio's mesh config. It is kept in the IstioMesh, which all control planes of a mesh
// inherit from, so that it also holds for one that an upgrade adds.
package outbound

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// Mode is Istio's name of a policy.
type Mode string

// Policies, of which AllowAny is Istio's default.
const (
	AllowAny     Mode = "ALLOW_ANY"     // anything outside of the mesh
	RegistryOnly Mode = "REGISTRY_ONLY" // what ServiceEntries name
)

// Modes are the policies by the words in which users choose them.
func Modes() map[string]Mode {
	return map[string]Mode{"allowed": AllowAny, "restricted": RegistryOnly}
}

// Get reads the policy that the meshes of the cluster have, "" where none is set. They are those of the control planes;
// the error names two that differ.
func Get(ctx context.Context, reader client.Reader) (Mode, error) {
	meshes, err := meshesOf(ctx, reader)
	if err != nil {
		return "", err
	}
	var found []Mode
	for _, key := range meshes {
		var mesh v1alpha1.IstioMesh
		if err := reader.Get(ctx, key, &mesh); client.IgnoreNotFound(err) != nil {
			return "", fmt.Errorf("read IstioMesh %s: %w", key, err)
		}
		mode := modeIn(mesh.Spec.Config)
		if len(found) > 0 && found[0] != mode {
			return "", fmt.Errorf("the meshes of the cluster differ: %s has %s, %s has %s; set one for all", meshes[0], orDefault(found[0]), key, orDefault(mode))
		}
		found = append(found, mode)
	}
	return found[0], nil
}

func orDefault(mode Mode) Mode { return cmp.Or(mode, "none") }

// Set gives all meshes of the cluster the policy and tells whether that was a change.
func Set(ctx context.Context, c client.Client, mode Mode) (changed bool, err error) {
	meshes, err := meshesOf(ctx, c)
	if err != nil {
		return false, err
	}
	for _, key := range meshes {
		written, err := set(ctx, c, key, mode)
		if err != nil {
			return changed, err
		}
		changed = changed || written
	}
	return changed, nil
}

func set(ctx context.Context, c client.Client, key client.ObjectKey, mode Mode) (bool, error) {
	config, err := json.Marshal(map[string]any{"outboundTrafficPolicy": map[string]any{"mode": mode}})
	if err != nil {
		return false, err
	}
	mesh := &v1alpha1.IstioMesh{}
	err = c.Get(ctx, key, mesh)
	switch {
	case apierrors.IsNotFound(err):
		mesh.Namespace, mesh.Name = key.Namespace, key.Name
		mesh.Spec.Config = &apiextensionsv1.JSON{Raw: config}
		if err := c.Create(ctx, mesh, client.FieldOwner(kube.FieldManager)); err != nil {
			return false, fmt.Errorf("create IstioMesh %s: %w", key, err)
		}
		return true, nil
	case err != nil:
		return false, fmt.Errorf("read IstioMesh %s: %w", key, err)
	case modeIn(mesh.Spec.Config) == mode:
		return false, nil
	}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"config":`+string(config)+`}}`))
	if err := c.Patch(ctx, mesh, patch, client.FieldOwner(kube.FieldManager)); err != nil {
		return false, fmt.Errorf("change IstioMesh %s: %w", key, err)
	}
	return true, nil
}

// meshesOf lists the meshes of the cluster's control planes, each once. One whose control plane belongs to no mesh, or
// has a policy of its own that would hide the mesh's, is an error.
func meshesOf(ctx context.Context, reader client.Reader) ([]client.ObjectKey, error) {
	var planes v1alpha1.IstioControlPlaneList
	if err := reader.List(ctx, &planes); err != nil && !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("list the IstioControlPlanes: %w", err)
	}
	var meshes []client.ObjectKey
	for _, plane := range planes.Items {
		name := plane.Namespace + "/" + plane.Name
		switch {
		case plane.Spec.MeshID == "":
			return nil, fmt.Errorf("IstioControlPlane %s belongs to no mesh: give it a spec.meshID", name)
		case modeIn(plane.Spec.MeshConfig) != "":
			return nil, fmt.Errorf("IstioControlPlane %s has a policy of its own, %s: change spec.meshConfig.outboundTrafficPolicy there, or take it away",
				name, modeIn(plane.Spec.MeshConfig))
		}
		if key := (client.ObjectKey{Namespace: plane.Namespace, Name: plane.Spec.MeshID}); !slices.Contains(meshes, key) {
			meshes = append(meshes, key)
		}
	}
	if len(meshes) == 0 {
		return nil, fmt.Errorf("there is no IstioControlPlane in this cluster: install the mesh with 'smm install -a'")
	}
	return meshes, nil
}

// modeIn is the policy that a mesh config sets, "" for none.
func modeIn(config *apiextensionsv1.JSON) Mode {
	var content struct {
		OutboundTrafficPolicy struct {
			Mode Mode `json:"mode"`
		} `json:"outboundTrafficPolicy"`
	}
	if config == nil || json.Unmarshal(config.Raw, &content) != nil {
		return ""
	}
	return content.OutboundTrafficPolicy.Mode
}
