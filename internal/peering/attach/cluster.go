package attach

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/platform"
)

// Cluster is access to one cluster, as whoever attaches has it.
type Cluster struct {
	Client    client.Client
	Installer *platform.Installer
}

// observation is what is known of a cluster before anything is changed.
type observation struct {
	id       string // UID of the namespace kube-system
	platform *smmv1alpha1.ControlPlane
	icp      *servicemeshv1alpha1.IstioControlPlane
	peers    []servicemeshv1alpha1.PeerIstioControlPlane
}

func observe(ctx context.Context, c client.Client) (observation, error) {
	system := &corev1.Namespace{}
	if err := c.Get(ctx, client.ObjectKey{Name: "kube-system"}, system); err != nil {
		return observation{}, fmt.Errorf("read namespace kube-system: %w", err)
	}
	seen := observation{id: string(system.UID)}
	var platforms smmv1alpha1.ControlPlaneList
	if err := c.List(ctx, &platforms); ignoreAbsence(err) != nil {
		return observation{}, fmt.Errorf("list ControlPlanes: %w", err)
	}
	switch len(platforms.Items) {
	case 0:
	case 1:
		seen.platform = &platforms.Items[0]
	default:
		return observation{}, errors.New("there are several ControlPlanes: a cluster of a mesh has one")
	}
	var planes servicemeshv1alpha1.IstioControlPlaneList
	if err := c.List(ctx, &planes); ignoreAbsence(err) != nil {
		return observation{}, fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	for i := range planes.Items {
		if seen.platform == nil || revisionOf(&planes.Items[i]) == platform.RevisionOf(seen.platform, istio.Builtin()) {
			seen.icp = &planes.Items[i]
		}
	}
	var peers servicemeshv1alpha1.PeerIstioControlPlaneList
	if err := c.List(ctx, &peers); ignoreAbsence(err) != nil {
		return observation{}, fmt.Errorf("list PeerIstioControlPlanes: %w", err)
	}
	seen.peers = peers.Items
	return seen, nil
}

func revisionOf(icp *servicemeshv1alpha1.IstioControlPlane) istio.Revision {
	return istio.Revision{Name: icp.Name, Namespace: icp.Namespace}
}

// ignoreAbsence: a cluster without the product does not know its kinds.
func ignoreAbsence(err error) error {
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// KnownName is the name by which a cluster is already attached, or is called itself, "" when there is none.
func KnownName(ctx context.Context, first, peer Cluster) string {
	seen, err := observe(ctx, peer.Client)
	if err != nil {
		return ""
	}
	if known, err := clusterWithID(ctx, first.Client, seen.id); err == nil && known != nil {
		return known.Name
	}
	if seen.platform != nil {
		return seen.platform.Spec.ClusterName
	}
	return ""
}
