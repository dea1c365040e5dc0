package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// requestTimeout is how long a request to an API server may take that is no watch.
const requestTimeout = 10 * time.Second

// retries are the pauses after which a peer that could not be used is tried again.
func retries() wait.Backoff {
	return wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.2, Steps: 6, Cap: 30 * time.Second}
}

// peer is another cluster of the group, read through watches of its own. Whatever it does or does not do holds up
// nothing else.
type peer struct {
	name        string
	clusterID   string
	fingerprint string // of all that leads to the peer: with another one it is another peer
	valid       validity
	onState     func() // what is known of the peer changed
	onFeatures  func() // its features did
	onObject    func(*unstructured.Unstructured)
	onKind      func(kind schema.GroupVersionKind) // all objects of a kind may be known now, or unknown

	ctx  context.Context // the life of the peer's goroutines
	stop context.CancelFunc

	mu         sync.Mutex
	api        *cluster
	identified bool
	problem    error
	clusters   *watch
	features   *watch
	wanted     map[schema.GroupVersionKind]wish
	kinds      map[schema.GroupVersionKind]*watch
	unserved   map[schema.GroupVersionKind]error
}

// wish is a kind that is watched, or will be once the peer is identified.
type wish struct {
	scope scope
	stop  context.CancelFunc
}

func clusterKind() schema.GroupVersionKind {
	return v1alpha1.GroupVersion.WithKind(v1alpha1.KindCluster)
}

func featureKind() schema.GroupVersionKind {
	return v1alpha1.GroupVersion.WithKind(v1alpha1.KindClusterFeature)
}

// start connects to the peer until stop is called.
func (p *peer) start(ctx context.Context, config *rest.Config) error {
	api, err := newCluster(config)
	if err != nil {
		return errNoKubeconfig
	}
	p.ctx, p.stop = context.WithCancel(ctx)
	p.api = api
	p.wanted = map[schema.GroupVersionKind]wish{}
	p.kinds = map[schema.GroupVersionKind]*watch{}
	p.unserved = map[schema.GroupVersionKind]error{}
	go p.connect()
	return nil
}

// connect makes sure that the peer is the cluster that it is taken for, then watches what tells of it.
func (p *peer) connect() {
	p.retry(p.ctx, func(ctx context.Context) error {
		err := p.identify(ctx)
		p.mu.Lock()
		p.problem, p.identified = err, err == nil
		p.mu.Unlock()
		p.onState()
		return err
	})
	if p.ctx.Err() != nil {
		return
	}
	go p.follow(p.ctx, clusterKind(), scope{}, func(*unstructured.Unstructured) { p.onState() }, func(w *watch) { p.clusters = w })
	go p.follow(p.ctx, featureKind(), scope{}, func(*unstructured.Unstructured) { p.onFeatures() }, func(w *watch) { p.features = w })
	p.mu.Lock()
	defer p.mu.Unlock()
	for kind := range p.wanted {
		p.watchWanted(kind)
	}
}

// retry calls until there is no error or the context ends.
func (p *peer) retry(ctx context.Context, call func(context.Context) error) {
	pauses := retries()
	for ctx.Err() == nil && call(ctx) != nil {
		select {
		case <-ctx.Done():
		case <-time.After(pauses.Step()):
		}
	}
}

// identify fails unless the cluster that answers is the one meant: its kube-system namespace has the ID.
func (p *peer) identify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	id, err := readClusterID(ctx, p.api)
	if err != nil {
		return err
	}
	if id != p.clusterID {
		return fmt.Errorf("the credentials lead to another cluster, with the ID %q", id)
	}
	return nil
}

func readClusterID(ctx context.Context, api *cluster) (string, error) {
	namespaces := schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	system, err := api.dynamic.Resource(namespaces).Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("read the cluster's ID: %w", err)
	}
	return string(system.GetUID()), nil
}

// follow watches a kind once the peer serves it.
func (p *peer) follow(ctx context.Context, kind schema.GroupVersionKind, of scope, onChange func(*unstructured.Unstructured), started func(*watch)) {
	p.retry(ctx, func(ctx context.Context) error {
		found, err := p.api.find(ctx, kind)
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.unserved, kind)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			p.unserved[kind] = err
			go p.onState()
			return err
		}
		started(startWatch(ctx, found.resource, kind, watchOptions{
			scope:    of,
			onChange: onChange,
			onState:  func() { p.onKind(kind); p.onState() },
		}))
		return nil
	})
}

// want makes the kinds, each in its scope, those that are watched beside what tells of the peer.
func (p *peer) want(kinds map[schema.GroupVersionKind]scope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for kind, known := range p.wanted {
		if of, still := kinds[kind]; !still || of != known.scope {
			known.stop()
			delete(p.wanted, kind)
			delete(p.kinds, kind)
			delete(p.unserved, kind)
		}
	}
	for kind, of := range kinds {
		if _, wanted := p.wanted[kind]; !wanted {
			p.wanted[kind] = wish{of, func() {}}
			if p.identified {
				p.watchWanted(kind)
			}
		}
	}
}

func (p *peer) watchWanted(kind schema.GroupVersionKind) {
	ctx, stop := context.WithCancel(p.ctx)
	of := p.wanted[kind].scope
	p.wanted[kind] = wish{of, stop}
	go p.follow(ctx, kind, of, p.onObject, func(w *watch) { p.kinds[kind] = w })
}

// kind is the watch of a kind, nil if its objects are not known now.
func (p *peer) kind(kind schema.GroupVersionKind) *watch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.kinds[kind]; w.known() {
		return w
	}
	return nil
}

// featureList are the peer's features, none while they are not known.
func (p *peer) featureList() []v1alpha1.ClusterFeature {
	p.mu.Lock()
	watched := p.features
	p.mu.Unlock()
	if !watched.known() {
		return nil
	}
	var features []v1alpha1.ClusterFeature
	for _, object := range watched.list() {
		var feature v1alpha1.ClusterFeature
		if runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &feature) == nil {
			features = append(features, feature)
		}
	}
	return features
}

// self is what the peer says of itself, nil while that is not known.
func (p *peer) self() *v1alpha1.Cluster {
	p.mu.Lock()
	watched := p.clusters
	p.mu.Unlock()
	if !watched.known() {
		return nil
	}
	for _, object := range watched.list() {
		var itself v1alpha1.Cluster
		if runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &itself) == nil && itself.Spec.ClusterID == p.clusterID {
			return &itself
		}
	}
	return nil
}

// health tells whether the peer can be used: an error that says why not, and what kinds are not known.
func (p *peer) health() (unknown []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.problem != nil:
		return nil, p.problem
	case !p.identified:
		return nil, errConnecting
	}
	for kind, w := range map[schema.GroupVersionKind]*watch{clusterKind(): p.clusters, featureKind(): p.features} {
		if err := p.brokenBy(kind, w); err != nil {
			return nil, err
		}
	}
	for kind := range p.wanted {
		if err := p.brokenBy(kind, p.kinds[kind]); err != nil {
			unknown = append(unknown, kind.Kind+": "+explain(err, p.valid, time.Now()))
		}
	}
	return unknown, nil
}

func (p *peer) brokenBy(kind schema.GroupVersionKind, w *watch) error {
	switch {
	case p.unserved[kind] != nil:
		return p.unserved[kind]
	case w == nil:
		return errConnecting
	case w.problem() != nil:
		return w.problem()
	case !w.informer.HasSynced():
		return errConnecting
	}
	return nil
}

// errConnecting is the problem of a peer that has not answered yet.
var errConnecting = errors.New("waiting for its first answer")

// explain is the error in one line for a status.
func explain(err error, valid validity, now time.Time) string {
	switch {
	case apierrors.IsUnauthorized(err):
		return "the credential is not accepted: " + valid.explain(now)
	case apierrors.IsForbidden(err):
		return "the credential does not allow it: " + oneLine(err)
	}
	return oneLine(err)
}
