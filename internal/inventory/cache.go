package inventory

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
)

// Cache keeps the objects of one cluster that an inventory is computed from, by watches.
type Cache struct {
	cluster  string
	cache    cache.Cache
	machines *machines
	mu       sync.Mutex
	changed  chan struct{}
	fresh    *Inventory
}

// watched are the kinds that the cache keeps. Of ReplicaSets and Jobs, only who owns them matters.
func watched() []client.Object {
	return []client.Object{
		&corev1.Namespace{}, &corev1.Service{}, &corev1.Pod{},
		&appsv1.Deployment{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, metadataOnly("apps", "ReplicaSet"), metadataOnly("batch", "Job"),
	}
}

func metadataOnly(group, kind string) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.APIVersion, object.Kind = group+"/v1", kind
	return object
}

// NewCache returns a Cache of the cluster; Run fills it.
func NewCache(config *rest.Config, cluster string) (*Cache, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), networkingv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	options := cache.Options{Scheme: scheme, DefaultTransform: trim}
	kept, err := cache.New(config, options)
	if err != nil {
		return nil, fmt.Errorf("watch cluster %s: %w", cluster, err)
	}
	machines, err := newMachines(config, options)
	if err != nil {
		return nil, fmt.Errorf("watch cluster %s: %w", cluster, err)
	}
	return &Cache{cluster: cluster, cache: kept, machines: machines, changed: make(chan struct{})}, nil
}

// Run watches until the context ends.
func (c *Cache) Run(ctx context.Context) error {
	for _, kind := range watched() {
		informer, err := c.cache.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("watch cluster %s: %w", c.cluster, err)
		}
		if _, err := informer.AddEventHandler(kube.OnChange(c.outdate)); err != nil {
			return fmt.Errorf("watch cluster %s: %w", c.cluster, err)
		}
	}
	running, until := errgroup.WithContext(ctx)
	running.Go(func() error { return c.cache.Start(until) })
	running.Go(func() error { return c.machines.cache.Start(until) })
	running.Go(func() error { return c.machines.follow(until, c.outdate) })
	if err := running.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("watch cluster %s: %w", c.cluster, err)
	}
	return nil
}

// Synced waits until everything was read once.
func (c *Cache) Synced(ctx context.Context) bool { return c.cache.WaitForCacheSync(ctx) }

// Changed returns a channel that is closed when something of the inventory changes.
func (c *Cache) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *Cache) outdate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh = nil
	close(c.changed)
	c.changed = make(chan struct{})
}

// Inventory returns what runs on the cluster. It is computed when asked for after a change. Callers must not change it.
func (c *Cache) Inventory(ctx context.Context) (*Inventory, error) {
	c.mu.Lock()
	fresh, changed := c.fresh, c.changed
	c.mu.Unlock()
	if fresh != nil {
		return fresh, nil
	}
	objects, err := c.objects(ctx)
	if err != nil {
		return nil, err
	}
	computed := Compute(objects)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed == changed { // nothing changed meanwhile
		c.fresh = &computed
	}
	return &computed, nil
}
