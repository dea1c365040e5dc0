// Package watched keeps the ConfigMaps and Secrets that a node's pods use, and no others, up to date.
package watched

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// syncTimeout limits the wait for the first answer about an object.
const syncTimeout = 10 * time.Second

// Store watches each object that somebody uses with a watch of its own, so that a node needs to read
// nothing but what its pods refer to. Its methods may be called concurrently.
type Store struct {
	client rest.Interface

	mu      sync.Mutex
	watches map[key]*watch
}

type key struct{ resource, namespace, name string }

const (
	configMaps = "configmaps"
	secrets    = "secrets"
)

// watch follows one object for its users.
type watch struct {
	informer cache.SharedIndexInformer
	stop     context.CancelFunc
	users    map[types.UID]func()
}

// NewStore returns a Store that watches nothing yet.
func NewStore(client kubernetes.Interface) *Store {
	return &Store{client: client.CoreV1().RESTClient(), watches: map[key]*watch{}}
}

// UseConfigMap begins to watch a ConfigMap for a user, whose changed is called after each change. A
// second use by the same user replaces the first.
func (s *Store) UseConfigMap(user types.UID, namespace, name string, changed func()) {
	s.use(key{configMaps, namespace, name}, &corev1.ConfigMap{}, user, changed)
}

// UseSecret begins to watch a Secret for a user, as UseConfigMap does.
func (s *Store) UseSecret(user types.UID, namespace, name string, changed func()) {
	s.use(key{secrets, namespace, name}, &corev1.Secret{}, user, changed)
}

// Release ends all that a user watches.
func (s *Store) Release(user types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, w := range s.watches {
		delete(w.users, user)
		if len(w.users) == 0 {
			w.stop()
			delete(s.watches, k)
		}
	}
}

// ConfigMap returns a ConfigMap in use; it is not to be changed. It waits for the first answer of the
// API server. The error is a NotFound one when there is no such object.
func (s *Store) ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	return get[*corev1.ConfigMap](ctx, s, key{configMaps, namespace, name}, "configmap")
}

// Secret returns a Secret in use, as ConfigMap does.
func (s *Store) Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	return get[*corev1.Secret](ctx, s, key{secrets, namespace, name}, "secret")
}

func (s *Store) use(k key, kind runtime.Object, user types.UID, changed func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watches[k]
	if w == nil {
		w = s.begin(k, kind)
		s.watches[k] = w
	}
	w.users[user] = changed
}

func (s *Store) begin(k key, kind runtime.Object) *watch {
	one := cache.NewFilteredListWatchFromClient(s.client, k.resource, k.namespace, func(options *metav1.ListOptions) {
		options.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, k.name).String()
	})
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{informer: cache.NewSharedIndexInformer(one, kind, 0, cache.Indexers{}), stop: cancel, users: map[types.UID]func(){}}
	tell := func(any) { s.tell(w) }
	// The informer is new, so that it cannot refuse the handler.
	_, _ = w.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: tell, UpdateFunc: func(_, o any) { tell(o) }, DeleteFunc: tell,
	})
	go w.informer.RunWithContext(ctx)
	return w
}

func (s *Store) tell(w *watch) {
	s.mu.Lock()
	var users []func()
	for _, changed := range w.users {
		users = append(users, changed)
	}
	s.mu.Unlock()
	for _, changed := range users {
		changed()
	}
}

func get[T any](ctx context.Context, s *Store, k key, kind string) (T, error) {
	var none T
	s.mu.Lock()
	w := s.watches[k]
	s.mu.Unlock()
	if w == nil {
		return none, fmt.Errorf("%s %s/%s is not watched", kind, k.namespace, k.name)
	}
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	if !cache.WaitFor(ctx, "", w.informer.HasSyncedChecker()) {
		return none, fmt.Errorf("reading %s %s/%s: %w", kind, k.namespace, k.name, context.Cause(ctx))
	}
	object, found, err := w.informer.GetStore().GetByKey(k.namespace + "/" + k.name)
	if err != nil {
		return none, fmt.Errorf("reading %s %s/%s: %w", kind, k.namespace, k.name, err)
	}
	if !found {
		return none, apierrors.NewNotFound(corev1.Resource(kind), k.name)
	}
	return object.(T), nil
}
