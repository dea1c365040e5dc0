package inventory

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
)

// kindPause is the time after which it is looked again whether a cluster knows Istio's kinds.
const kindPause = 10 * time.Second

// machines keeps what a cluster says of workloads outside of Kubernetes, from the time on when it knows Istio's kinds and
// allows to read them. The rest of the inventory does not wait for that.
type machines struct {
	cache cache.Cache
	known atomic.Bool
}

func newMachines(config *rest.Config, options cache.Options) (*machines, error) {
	kept, err := cache.New(config, options)
	if err != nil {
		return nil, err
	}
	return &machines{cache: kept}, nil
}

// follow watches until the context ends, and calls changed after each change.
func (m *machines) follow(ctx context.Context, changed func()) error {
	var synced []toolscache.InformerSynced
	for _, kind := range []client.Object{&networkingv1.WorkloadGroup{}, &networkingv1.WorkloadEntry{}} {
		informer, err := m.await(ctx, kind)
		if err != nil {
			return err
		}
		if _, err := informer.AddEventHandler(kube.OnChange(changed)); err != nil {
			return err
		}
		synced = append(synced, informer.HasSynced)
	}
	if toolscache.WaitForCacheSync(ctx.Done(), synced...) {
		m.known.Store(true)
		changed()
	}
	return nil
}

// await returns the informer of a kind as soon as the cluster knows the kind.
func (m *machines) await(ctx context.Context, kind client.Object) (cache.Informer, error) {
	for {
		informer, err := m.cache.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err == nil {
			return informer, nil
		}
		if !meta.IsNoMatchError(err) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(kindPause):
		}
	}
}

// list adds what is known to the objects.
func (m *machines) list(ctx context.Context, objects *Objects) error {
	if !m.known.Load() {
		return nil
	}
	var groups networkingv1.WorkloadGroupList
	var entries networkingv1.WorkloadEntryList
	for _, list := range []client.ObjectList{&groups, &entries} {
		if err := m.cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return fmt.Errorf("list objects of cluster %s: %w", objects.Cluster, err)
		}
	}
	objects.Groups, objects.Entries = groups.Items, entries.Items
	return nil
}
