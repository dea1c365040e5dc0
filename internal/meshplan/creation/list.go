package creation

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/meshplan"
)

// List returns the meshes of a cluster.
func List(ctx context.Context, reader client.Reader) ([]meshplan.Mesh, error) {
	var meshes v1alpha1.IstioMeshList
	var planes v1alpha1.IstioControlPlaneList
	var peers v1alpha1.PeerIstioControlPlaneList
	for _, list := range []client.ObjectList{&meshes, &planes, &peers} {
		if err := reader.List(ctx, list); err != nil && !meta.IsNoMatchError(err) {
			return nil, fmt.Errorf("read the meshes: %w", err)
		}
	}
	return meshplan.Meshes(meshes.Items, planes.Items, peers.Items), nil
}

// Get returns one of them.
func Get(ctx context.Context, reader client.Reader, name string) (meshplan.Mesh, error) {
	all, err := List(ctx, reader)
	if err != nil {
		return meshplan.Mesh{}, err
	}
	for _, mesh := range all {
		if mesh.Name == name {
			return mesh, nil
		}
	}
	return meshplan.Mesh{}, fmt.Errorf("there is no mesh %s on the cluster: `smm mesh list` shows those that are", name)
}

// Removable lists the control planes of a mesh. It is an error when something else made one, which would make it again.
func Removable(ctx context.Context, reader client.Reader, mesh meshplan.Mesh) ([]istio.Revision, error) {
	var planes []istio.Revision
	for _, label := range mesh.ControlPlanes {
		plane, _ := istio.ParseRevisionLabel(label)
		icp := &v1alpha1.IstioControlPlane{}
		if err := reader.Get(ctx, client.ObjectKey{Namespace: plane.Namespace, Name: plane.Name}, icp); err != nil {
			return nil, fmt.Errorf("read control plane %s: %w", label, err)
		}
		if owner := icp.Annotations[kube.OwnerAnnotation]; owner != "" {
			kind, name, _ := strings.Cut(owner, "/")
			return nil, fmt.Errorf("control plane %s was made by %s %s, which would make it again: delete that (`smm uninstall` for a ControlPlane)", label, kind, name)
		}
		planes = append(planes, plane)
	}
	return planes, nil
}

// Forget removes what is left of a mesh without control planes: its IstioMesh, and the label of its nodes.
func Forget(ctx context.Context, c client.Client, name string) error {
	mesh := &v1alpha1.IstioMesh{}
	mesh.Namespace, mesh.Name = istio.DefaultNamespace, name
	if err := c.Delete(ctx, mesh); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete IstioMesh %s: %w", name, err)
	}
	var nodes corev1.NodeList
	if err := c.List(ctx, &nodes, client.MatchingLabels{meshplan.NodeLabel: meshplan.NodeValue}); err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for i := range nodes.Items {
		if err := label(ctx, c, nodes.Items[i].Name, "null"); err != nil {
			return err
		}
	}
	return nil
}
