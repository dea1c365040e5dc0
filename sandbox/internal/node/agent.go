package node

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/kubelet"
	"github.com/meshmanager/smm/sandbox/internal/node/probe"
	"github.com/meshmanager/smm/sandbox/internal/node/watched"
)

// agent looks after all pods that are bound to this node, each with a worker.
type agent struct {
	Config
	log       *slog.Logger
	machine   corev1.ResourceList // what this machine has
	runtime   *container.Runtime
	addresses *addresses
	watched   *watched.Store
	events    events
	checker   *probe.Checker
	services  corelisters.ServiceLister
	pods      corelisters.PodLister

	working sync.WaitGroup
	mu      sync.Mutex
	workers map[types.UID]*worker
}

// run registers the node and looks after its pods until ctx ends. It returns when all workers have ended.
func (a *agent) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	all := informers.NewSharedInformerFactory(a.Client, 0)
	services := all.Core().V1().Services()
	a.services = services.Lister()
	mine := informers.NewSharedInformerFactoryWithOptions(a.Client, 0, informers.WithTweakListOptions(func(options *metav1.ListOptions) {
		options.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", a.NodeName).String()
	}))
	pods := mine.Core().V1().Pods()
	a.pods = pods.Lister()
	servicesSynced, podsSynced := services.Informer().HasSynced, pods.Informer().HasSynced
	registered := make(chan struct{})
	a.working.Go(func() { a.keepRegistered(ctx, func() { close(registered) }) })
	all.StartWithContext(ctx)
	mine.StartWithContext(ctx)
	defer func() {
		cancel()
		all.Shutdown()
		mine.Shutdown() // from here on no worker is added
		a.working.Wait()
	}()
	if !cache.WaitForCacheSync(ctx.Done(), servicesSynced, podsSynced) {
		return nil // ctx ended
	}
	if err := a.recall(); err != nil {
		return err
	}
	if _, err := pods.Informer().AddEventHandler(a.handler(ctx)); err != nil {
		return fmt.Errorf("following the node's pods: %w", err)
	}
	select {
	case <-registered:
	case <-ctx.Done():
		return nil
	}
	a.Ready()
	return kubelet.Run(ctx, kubelet.Config{
		NodeName: a.NodeName, Address: a.Address, Certificate: a.Certificate, ClientCA: a.ClientCA,
		Client: a.Client, Runtime: a.runtime, Pods: a, Log: a.log,
	})
}

// Pods lists the pods that are bound to the node.
func (a *agent) Pods() []*corev1.Pod {
	// The lister reads a cache and has no error to return.
	pods, _ := a.pods.List(labels.Everything())
	return pods
}

// recall takes up where an earlier run of this node stopped: pods keep their addresses, and what is left
// of pods that are gone is removed.
func (a *agent) recall() error {
	pods, err := a.pods.List(labels.Everything())
	if err != nil {
		return fmt.Errorf("reading the node's pods: %w", err)
	}
	known := map[string]bool{}
	for _, pod := range pods {
		known[string(pod.UID)] = true
		if !podutil.IsPodTerminal(pod) && !pod.Spec.HostNetwork {
			a.addresses.claim(pod.UID, pod.Status.PodIP)
		}
	}
	if err := a.prune(func(uid string) bool { return known[uid] }); err != nil {
		return fmt.Errorf("removing what is left of earlier pods: %w", err)
	}
	return nil
}

func (a *agent) handler(ctx context.Context) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { a.observe(ctx, o.(*corev1.Pod)) },
		UpdateFunc: func(_, o any) { a.observe(ctx, o.(*corev1.Pod)) },
		DeleteFunc: func(o any) {
			if unknown, is := o.(cache.DeletedFinalStateUnknown); is {
				o = unknown.Obj
			}
			if pod, is := o.(*corev1.Pod); is {
				a.forget(pod)
			}
		},
	}
}

// observe hands a pod's object to its worker, a new one if it has none.
func (a *agent) observe(ctx context.Context, pod *corev1.Pod) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.workers[pod.UID]; w != nil {
		w.update(pod)
		return
	}
	w := newWorker(a, pod)
	a.workers[pod.UID] = w
	a.working.Go(func() {
		w.run(ctx)
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.workers, pod.UID)
	})
}

// forget tells the pod's worker that the API server holds the object no longer.
func (a *agent) forget(pod *corev1.Pod) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.workers[pod.UID]; w != nil {
		w.remove(pod)
	}
}
