package peers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// Registry are the peers that the cluster registry of a cluster knows: its Clusters, with their credentials in the registry's
// namespace. The network is the cluster's own.
func Registry(config *rest.Config, namespace, network string) Source {
	return func(ctx context.Context, tell func([]Peer)) error {
		scheme, err := api.NewScheme()
		if err != nil {
			return err
		}
		direct, err := client.New(config, client.Options{Scheme: scheme})
		if err != nil {
			return fmt.Errorf("connect to the cluster: %w", err)
		}
		system := &corev1.Namespace{}
		if err := direct.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, system); err != nil {
			return fmt.Errorf("read which cluster this is: %w", err)
		}
		watched, err := cache.New(config, cache.Options{Scheme: scheme, ByObject: map[client.Object]cache.ByObject{
			&corev1.Secret{}: {
				Namespaces: map[string]cache.Config{namespace: {}},
				Field:      fields.OneTermEqualSelector("type", string(v1alpha1.SecretTypeClusterRegistry)),
			},
		}})
		if err != nil {
			return fmt.Errorf("watch the cluster registry: %w", err)
		}
		changed, err := changesOf(ctx, watched, &v1alpha1.Cluster{}, &corev1.Secret{})
		if err != nil {
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- watched.Start(ctx) }()
		if !watched.WaitForCacheSync(ctx) {
			return <-ended
		}
		for {
			found, err := registered(ctx, watched, string(system.UID), network)
			if err != nil {
				return err
			}
			tell(found)
			select {
			case <-ctx.Done():
				return <-ended
			case <-changed:
			}
		}
	}
}

// changesOf returns a channel that holds one signal when objects of the kinds changed.
func changesOf(ctx context.Context, watched cache.Cache, kinds ...client.Object) (<-chan struct{}, error) {
	changed := make(chan struct{}, 1)
	signal := func() {
		select {
		case changed <- struct{}{}:
		default: // it is told already
		}
	}
	for _, kind := range kinds {
		informer, err := watched.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("watch the cluster registry: %w", err)
		}
		if _, err := informer.AddEventHandler(kube.OnChange(signal)); err != nil {
			return nil, fmt.Errorf("watch the cluster registry: %w", err)
		}
	}
	return changed, nil
}

func registered(ctx context.Context, from client.Reader, ownID, network string) ([]Peer, error) {
	var clusters v1alpha1.ClusterList
	if err := from.List(ctx, &clusters); err != nil {
		return nil, fmt.Errorf("list Clusters: %w", err)
	}
	var secrets corev1.SecretList
	if err := from.List(ctx, &secrets); err != nil {
		return nil, fmt.Errorf("list the clusters' credentials: %w", err)
	}
	return Decide(clusters.Items, secrets.Items, ownID, network), nil
}
