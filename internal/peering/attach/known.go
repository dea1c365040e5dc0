package attach

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/peering"
)

// Known reads what a cluster holds about the mesh. A cluster that does not know the kinds holds nothing.
func Known(ctx context.Context, reader client.Reader) (peering.Known, error) {
	var planes servicemeshv1alpha1.IstioControlPlaneList
	var peers servicemeshv1alpha1.PeerIstioControlPlaneList
	var clusters clusterregistryv1alpha1.ClusterList
	for _, list := range []client.ObjectList{&planes, &peers, &clusters} {
		if err := ignoreAbsence(reader.List(ctx, list)); err != nil {
			return peering.Known{}, fmt.Errorf("read the clusters of the mesh: %w", err)
		}
	}
	return peering.Known{ControlPlanes: planes.Items, Peers: peers.Items, Clusters: clusters.Items}, nil
}
