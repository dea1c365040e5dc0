package registry

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/workqueue"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// syncWorkers is how many objects are brought in sync at the same time.
const syncWorkers = 8

// registration is a peer that has a Cluster here.
type registration struct {
	name   string
	secret objectKey
}

// syncer keeps this cluster's copies of peers' objects as the rules say. It acts on what watches tell, one object at a
// time, and never waits for a peer.
type syncer struct {
	api       *cluster
	clusterID string
	log       *slog.Logger
	onReport  func()          // what reports tell changed
	ctx       context.Context // the life of its watches
	queue     workqueue.TypedRateLimitingInterface[objectKey]

	mu         sync.Mutex
	rules      []v1alpha1.ResourceSyncRule // by name
	own        objectKey                   // this cluster's own credential
	registered map[string]registration     // by ID
	departed   dismissals                  // peers that were registered before
	dismissed  dismissals                  // clusters that are to be forgotten
	peers      map[string]*peer            // by ID
	here       map[schema.GroupVersionKind]*localKind
	namespaces *watch
	problems   map[objectKey]problem
	settled    map[objectKey]settlement
}

// localKind is a kind that copies in this cluster are of.
type localKind struct {
	served served
	watch  *watch
	stop   context.CancelFunc
	err    error // why there is no watch
}

// problem is why an object is not in sync.
type problem struct {
	rule      string
	message   string
	namespace string // that is missing, "" if something else is
}

func newSyncer(ctx context.Context, api *cluster, clusterID string, log *slog.Logger, onReport func()) *syncer {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[objectKey](100*time.Millisecond, time.Minute)
	s := &syncer{
		api: api, clusterID: clusterID, log: log, onReport: onReport, ctx: ctx,
		queue:    workqueue.NewTypedRateLimitingQueue(limiter),
		departed: dismissals{},
		peers:    map[string]*peer{},
		here:     map[schema.GroupVersionKind]*localKind{},
		problems: map[objectKey]problem{},
		settled:  map[objectKey]settlement{},
	}
	return s
}

// run works until the context ends.
func (s *syncer) run(ctx context.Context) {
	kind := schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}
	resource := s.api.dynamic.Resource(kind.GroupVersion().WithResource("namespaces"))
	namespaces := startWatch(ctx, resource, kind, watchOptions{
		keep:     metadataOnly,
		onChange: func(namespace *unstructured.Unstructured) { s.retryIn(namespace.GetName()) },
		onState:  func() {},
	})
	s.mu.Lock()
	s.namespaces = namespaces
	s.mu.Unlock()
	var workers sync.WaitGroup
	for range syncWorkers {
		workers.Go(func() {
			for s.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	s.queue.ShutDown()
	workers.Wait()
}

func (s *syncer) next(ctx context.Context) bool {
	key, stopped := s.queue.Get()
	if stopped {
		return false
	}
	defer s.queue.Done(key)
	if s.process(ctx, key) {
		s.queue.Forget(key)
	} else if ctx.Err() == nil {
		s.queue.AddRateLimited(key)
	}
	return true
}

// setRules makes the rules those that apply.
func (s *syncer) setRules(rules []v1alpha1.ResourceSyncRule) {
	s.mu.Lock()
	s.rules = sortedByName(rules)
	s.mu.Unlock()
	s.configure()
}

// setDismissed makes the clusters those that do not come back by way of others.
func (s *syncer) setDismissed(dismissed dismissals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dismissed = dismissed
}

// setPeers makes the peers those that are read from. registered are all that have a Cluster
// here, by ID.
func (s *syncer) setPeers(own objectKey, registered map[string]registration, peers map[string]*peer) {
	s.mu.Lock()
	s.own = own
	for id := range s.registered {
		s.departed[id] = time.Now()
	}
	for id := range registered {
		delete(s.departed, id)
	}
	s.registered, s.peers = registered, peers
	s.mu.Unlock()
	s.configure()
}

// configure watches what the rules need of all clusters, and has all objects looked at again.
func (s *syncer) configure() {
	s.mu.Lock()
	specs, targets := map[schema.GroupVersionKind][]*v1alpha1.ResourceSyncRuleSpec{}, map[schema.GroupVersionKind]bool{}
	for i := range s.rules {
		from, to := kindsOf(&s.rules[i].Spec)
		specs[from] = append(specs[from], &s.rules[i].Spec)
		for _, kind := range append(to, from) {
			targets[kind] = true
		}
	}
	for kind, local := range s.here {
		if !targets[kind] {
			local.stop()
			delete(s.here, kind)
		}
	}
	for kind := range targets {
		if s.here[kind] == nil {
			s.here[kind] = s.watchHere(kind)
		}
	}
	peers := s.peers
	sources := map[schema.GroupVersionKind]scope{}
	for kind, all := range specs {
		sources[kind] = scopeOf(all)
	}
	s.mu.Unlock()
	for _, p := range peers {
		p.want(sources)
	}
	for kind := range sources {
		s.lookAtAll(kind)
	}
}

// kindsOf are the kind of a rule's objects, and those of the copies.
func kindsOf(spec *v1alpha1.ResourceSyncRuleSpec) (from schema.GroupVersionKind, to []schema.GroupVersionKind) {
	from = schema.GroupVersionKind{Group: spec.GVK.Group, Version: spec.GVK.Version, Kind: spec.GVK.Kind}
	kind := from
	for _, rule := range spec.Rules {
		// Every set of rules that an object may match leads to one of these or to a mixture, which is as rare as it is odd.
		if mutated := mutatedKind(from, rule.Mutations.GVK); mutated != from {
			to = append(to, mutated)
		}
		kind = mutatedKind(kind, rule.Mutations.GVK)
	}
	return from, append(to, kind)
}

// watchHere watches the copies of a kind in this cluster, once it is served.
func (s *syncer) watchHere(kind schema.GroupVersionKind) *localKind {
	ctx, stop := context.WithCancel(s.ctx)
	local := &localKind{stop: stop, err: errConnecting}
	onChange := func(object *unstructured.Unstructured) {
		if ownerOf(object) != "" {
			s.queue.Add(originOf(object))
		}
		s.queue.Add(keyOf(object))
	}
	go func() {
		pauses := retries()
		for ctx.Err() == nil {
			found, err := s.api.find(ctx, kind)
			s.mu.Lock()
			local.err = err
			if err == nil {
				local.served = found
				local.watch = startWatch(ctx, found.resource, kind, watchOptions{
					keep: copiesWhole, onChange: onChange, onState: func() { s.lookAtAll(kind) },
				})
				s.mu.Unlock()
				return
			}
			s.mu.Unlock()
			select {
			case <-ctx.Done():
			case <-time.After(pauses.Step()):
			}
		}
	}()
	return local
}

// lookAtAll has every object of a kind looked at again: what peers have, and what copies there are of it here.
func (s *syncer) lookAtAll(kind schema.GroupVersionKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.peers {
		if w := p.kind(kind); w != nil {
			for _, object := range w.list() {
				s.queue.Add(keyOf(object))
			}
		}
	}
	for _, local := range s.here {
		if !local.watch.known() {
			continue
		}
		for _, object := range local.watch.list() {
			if ownerOf(object) != "" {
				s.queue.Add(originOf(object))
			}
		}
	}
}

// kindKnown has what depends on a kind looked at again, now that all or none of a peer's objects of it are known.
func (s *syncer) kindKnown(kind schema.GroupVersionKind) {
	if kind == featureKind() {
		s.lookAtEverything()
		return
	}
	s.lookAtAll(kind)
}

// lookAtEverything has every object looked at again that a rule may be for.
func (s *syncer) lookAtEverything() {
	s.mu.Lock()
	kinds := map[schema.GroupVersionKind]bool{}
	for i := range s.rules {
		from, _ := kindsOf(&s.rules[i].Spec)
		kinds[from] = true
	}
	s.mu.Unlock()
	for kind := range kinds {
		s.lookAtAll(kind)
	}
}

// retryIn has objects looked at again that a namespace was missing for.
func (s *syncer) retryIn(namespace string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, p := range s.problems {
		if p.namespace == namespace {
			s.queue.Add(key)
		}
	}
}

// copiesWhole keeps of an object that is no copy only what it takes to see that.
func copiesWhole(object *unstructured.Unstructured) {
	if ownerOf(object) == "" && !isCluster(object) {
		metadataOnly(object)
	}
}

// metadataOnly keeps what an object is and what it is called.
func metadataOnly(object *unstructured.Unstructured) {
	for field := range object.Object {
		switch field {
		case "apiVersion", "kind", "metadata", "type":
		default:
			delete(object.Object, field)
		}
	}
}

// peerObject has an object of a peer looked at.
func (s *syncer) peerObject(object *unstructured.Unstructured) {
	s.queue.Add(keyOf(object))
	if !isCredential(object) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.registered {
		if r.secret == keyOf(object) {
			s.queue.Add(objectKey{kind: clusterKind(), name: r.name}) // it tells whether the cluster has left
		}
	}
}

func (s *syncer) registeredDiffers(own objectKey, registered map[string]registration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own != own || !maps.Equal(s.registered, registered)
}

// setRulesIfChanged leaves rules alone whose specifications are those that apply.
func (s *syncer) setRulesIfChanged(rules []v1alpha1.ResourceSyncRule) {
	s.mu.Lock()
	same := slices.EqualFunc(s.rules, sortedByName(rules), func(a, b v1alpha1.ResourceSyncRule) bool {
		return a.UID == b.UID && a.Generation == b.Generation
	})
	s.mu.Unlock()
	if !same {
		s.setRules(rules)
	}
}

func sortedByName(rules []v1alpha1.ResourceSyncRule) []v1alpha1.ResourceSyncRule {
	slices.SortFunc(rules, func(a, b v1alpha1.ResourceSyncRule) int { return strings.Compare(a.Name, b.Name) })
	return rules
}

// allProblems tells what is not in sync.
func (s *syncer) allProblems() []string {
	return s.problemsOf("")
}

// problemsOf tells what is not in sync of a rule, "" for all of them.
func (s *syncer) problemsOf(rule string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var messages []string
	for _, p := range s.problems {
		if rule == "" || p.rule == rule {
			messages = append(messages, p.message)
		}
	}
	for kind, local := range s.here {
		if local.err != nil && rule == "" {
			messages = append(messages, kind.Kind+": "+oneLine(local.err))
		}
	}
	slices.Sort(messages)
	return messages
}
