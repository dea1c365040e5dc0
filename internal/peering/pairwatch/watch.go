// Package pairwatch looks from within a cluster how it gets on with its peers in the mesh: what its own istiods say of
// them, and whether their gateways answer.
package pairwatch

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/peering"
)

const (
	every         = 10 * time.Second
	withoutKinds  = 5 * time.Minute // between looks whether the cluster knows control planes by now
	answerTimeout = 5 * time.Second
	parallel      = 16
	gatewayPort   = 15443
)

// Watch is what was seen last. It is safe for concurrent use.
type Watch struct {
	mu   sync.Mutex
	seen map[string][]clusterregistryv1alpha1.ClusterCondition // by cluster ID; nil before the first look
}

// New returns one that has seen nothing yet.
func New() *Watch { return &Watch{} }

// Conditions are what was seen last of the cluster with the ID, nil before anything was seen.
func (w *Watch) Conditions(clusterID string) []clusterregistryv1alpha1.ClusterCondition {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		return nil
	}
	return append([]clusterregistryv1alpha1.ClusterCondition{}, w.seen[clusterID]...)
}

// Run looks again and again until the context ends, and calls changed when it has seen something new.
func (w *Watch) Run(ctx context.Context, cluster client.Reader, changed func()) {
	for {
		pause := every
		seen, err := look(ctx, cluster)
		switch {
		case meta.IsNoMatchError(err):
			pause = withoutKinds
		case err == nil && ctx.Err() == nil && w.note(seen):
			changed()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (w *Watch) note(seen map[string][]clusterregistryv1alpha1.ClusterCondition) (news bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	news = w.seen == nil || !reflect.DeepEqual(w.seen, seen)
	w.seen = seen
	return news
}

// look sees all peers of all control planes of the cluster.
func look(ctx context.Context, cluster client.Reader) (map[string][]clusterregistryv1alpha1.ClusterCondition, error) {
	var planes v1alpha1.IstioControlPlaneList
	var known v1alpha1.PeerIstioControlPlaneList
	for _, list := range []client.ObjectList{&planes, &known} {
		if err := cluster.List(ctx, list); err != nil {
			return nil, fmt.Errorf("list the control planes of the mesh: %w", err)
		}
	}
	found := map[string][]clusterregistryv1alpha1.ClusterCondition{}
	for i := range planes.Items {
		icp := &planes.Items[i]
		peers := peering.Peers(icp, known.Items)
		for j, sight := range sights(ctx, icp, peers) {
			found[peers[j].ID] = peering.Worse(found[peers[j].ID], peering.Judge(icp, &peers[j], sight))
		}
	}
	return found, nil
}

// sights is what is seen of each peer from a control plane's cluster. All are asked at the same time.
func sights(ctx context.Context, icp *v1alpha1.IstioControlPlane, peers []peering.Peer) []peering.Sight {
	seen := make([]peering.Sight, len(peers))
	if len(peers) == 0 {
		return seen
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	istiods := icp.Status.IstiodAddresses
	said, failures := make([]istiodSays, len(istiods)), make([]error, len(istiods))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, address := range istiods {
		group.Go(func() error {
			said[i], failures[i] = ask(ctx, address)
			return nil
		})
	}
	for i := range peers {
		if peers[i].Network == peering.NetworkOf(&icp.Spec) {
			continue
		}
		seen[i].Gateways = make([]peering.GatewaySight, len(peers[i].Status.GatewayAddress))
		for j, address := range peers[i].Status.GatewayAddress {
			group.Go(func() error {
				seen[i].Gateways[j] = connect(ctx, address)
				return nil
			})
		}
	}
	_ = group.Wait() // failures are part of what is seen
	for i := range peers {
		for j, address := range istiods {
			sight := said[j].of(address, peers[i].Cluster)
			sight.Failure = failures[j]
			seen[i].Istiods = append(seen[i].Istiods, sight)
		}
	}
	return seen
}

// connect tells whether somebody takes connections at a gateway.
func connect(ctx context.Context, host string) peering.GatewaySight {
	sight := peering.GatewaySight{Address: net.JoinHostPort(host, strconv.Itoa(gatewayPort))}
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", sight.Address)
	if err != nil {
		sight.Failure = err
		return sight
	}
	connection.Close()
	return sight
}
