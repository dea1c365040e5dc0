package attach_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshmanager/smm/api"
	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/releases"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/peering"
	"github.com/meshmanager/smm/internal/peering/attach"
	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/registry"
)

const patience = 3 * time.Minute

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	kubetest.Main(m)
}

// world is a cluster of a test: nothing runs in its pods, and its registry runs here.
type world struct {
	t      *testing.T
	name   string
	config *rest.Config
	client client.WithWatch
	access attach.Cluster
}

func newWorld(ctx context.Context, t *testing.T, number int, name string) *world {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.WithControllers(), kubetest.Another(number))
	cluster.RunNode(t)
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewWithWatch(cluster.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	server, err := discovery.NewDiscoveryClientForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	installer := platform.NewInstaller(c, server, releases.New(releases.Options{}), slog.New(slog.DiscardHandler))
	w := &world{t, name, cluster.Config, c, attach.Cluster{Client: c, Installer: installer}}
	go w.publishRoot(ctx, "root of "+name)
	return w
}

// publishRoot does what istiod does: it puts its root certificate beside it.
func (w *world) publishRoot(ctx context.Context, root string) {
	changes := kube.Changes(ctx, w.client, []client.ObjectList{&appsv1.DeploymentList{}})
	for {
		var deployments appsv1.DeploymentList
		if err := w.client.List(ctx, &deployments, client.MatchingLabels{"app": "istiod"}); err == nil {
			for _, istiod := range deployments.Items {
				_ = w.client.Create(ctx, &corev1.ConfigMap{ // it may be there already
					ObjectMeta: metav1.ObjectMeta{Namespace: istiod.Namespace, Name: istio.RootCertConfigMap},
					Data:       map[string]string{"root-cert.pem": root},
				})
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
	}
}

// runRegistry runs the cluster registry as soon as what it needs is there.
func (w *world) runRegistry(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		account := &corev1.ServiceAccount{}
		err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			key := client.ObjectKey{Namespace: registry.DefaultNamespace, Name: registry.ReaderServiceAccount}
			return w.client.Get(ctx, key, account) == nil && w.client.List(ctx, &clusterregistryv1alpha1.ClusterList{}) == nil, nil
		})
		if err != nil {
			return
		}
		config := rest.CopyConfig(w.config) // with the rights that its pod has
		config.Impersonate = rest.ImpersonationConfig{
			UserName: "system:serviceaccount:" + registry.DefaultNamespace + ":" + registry.ControllerName,
			Groups:   []string{"system:serviceaccounts", "system:authenticated"},
		}
		controller, err := registry.New(ctx, config, registry.Options{
			ClusterName: w.name, Namespace: registry.DefaultNamespace, APIServerAddress: w.config.Host,
			Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			w.t.Errorf("the registry of %s: %v", w.name, err)
			return
		}
		if err := controller.Start(ctx); err != nil {
			w.t.Errorf("the registry of %s ended: %v", w.name, err)
		}
	}()
	return sync.OnceFunc(func() { cancel(); <-ended })
}

func (w *world) eventually(ctx context.Context, what string, condition func(context.Context) bool) {
	w.t.Helper()
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) { return condition(ctx), nil })
	if err != nil {
		w.t.Fatalf("cluster %s: %s: not within a minute", w.name, what)
	}
}

// withoutWebhooks: nobody answers them here.
const withoutWebhooks = `
spec:
  networkName: network1
  k8sResourceOverlays:
  - groupVersionKind: {kind: MutatingWebhookConfiguration}
    patches: [{path: /webhooks, type: remove}]
  - groupVersionKind: {kind: ValidatingWebhookConfiguration}
    patches: [{path: /webhooks, type: remove}]
`

func (w *world) install(ctx context.Context) {
	w.t.Helper()
	prepared, err := w.access.Installer.Prepare(ctx, platform.Settings{ClusterName: w.name, IstioControlPlane: []byte(withoutWebhooks)})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := prepared.Install(ctx, nil); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) label(ctx context.Context, namespace, revision string) {
	w.t.Helper()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if revision != "" {
		object.Labels = map[string]string{istio.RevisionLabel: revision}
	}
	if err := w.client.Create(ctx, object); err != nil {
		w.t.Fatal(err)
	}
}

// A cluster without an istiod of its own gets what leads to the first one's, follows its injection labels, and is left
// without a trace. The first one's istiod gets credentials for it, which go when it does.
func TestAttachAndDetachPassive(t *testing.T) {
	if testing.Short() {
		t.Skip("runs two clusters")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	first, peer := newWorld(ctx, t, 1, "first"), newWorld(ctx, t, 2, "second")
	first.install(ctx)
	first.label(ctx, "shop", "cp-v131x.istio-system")
	peer.label(ctx, "shop", "")
	stopFirst, stopPeer := first.runRegistry(ctx), peer.runRegistry(ctx)
	defer stopFirst()
	defer stopPeer()

	attachment, err := attach.Prepare(ctx, first.access, peer.access, attach.Options{Name: "second", Network: "network1"})
	if err != nil {
		t.Fatal(err)
	}
	watch := func(waiting string) { t.Log(waiting) }
	if err := attachment.Run(ctx, watch); err != nil {
		t.Fatal(err)
	}
	if err := attachment.Wait(ctx, watch); err != nil {
		t.Fatal(err)
	}

	secret := &corev1.Secret{}
	if err := first.client.Get(ctx, client.ObjectKey{Namespace: "istio-system", Name: "istio-remote-secret-second"}, secret); err != nil {
		t.Errorf("istiod has no credentials for the second cluster: %v", err)
	}
	if secret.Labels["istio/multiCluster"] != "true" || len(secret.Data["second"]) == 0 {
		t.Errorf("the remote secret has labels %v and %d bytes for the cluster", secret.Labels, len(secret.Data["second"]))
	}
	namespace := &corev1.Namespace{}
	if err := peer.client.Get(ctx, client.ObjectKey{Name: "shop"}, namespace); err != nil || namespace.Labels[istio.RevisionLabel] != "cp-v131x.istio-system" {
		t.Errorf("the namespace in the second cluster has labels %v: %v", namespace.Labels, err)
	}
	slice := &discoveryv1.EndpointSlice{}
	if err := peer.client.Get(ctx, client.ObjectKey{Namespace: "istio-system", Name: "istiod-cp-v131x"}, slice); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"10.0.0.1"}, slice.Endpoints[0].Addresses); diff != "" {
		t.Errorf("istiod's addresses in the second cluster:\n%s", diff)
	}
	root := &corev1.ConfigMap{}
	if err := peer.client.Get(ctx, client.ObjectKey{Namespace: "shop", Name: istio.RootCertConfigMap}, root); err != nil || root.Data["root-cert.pem"] != "root of first" {
		t.Errorf("the root certificate in the second cluster is %q: %v", root.Data["root-cert.pem"], err)
	}
	if _, err := attach.Prepare(ctx, first.access, peer.access, attach.Options{Name: "second"}); err == nil {
		t.Error("an attached cluster is attached again without being asked to")
	}
	members := overview(ctx, t, first.client)
	if len(members) != 2 || members[0].Cluster != "first" || members[1].Cluster != "second" || members[1].Status != "Available" || members[1].Mode != "PASSIVE" {
		t.Errorf("the status is %+v", members)
	}

	stopPeer() // detaching ends its pod
	detachment, err := attach.PrepareDetach(ctx, first.access, &peer.access, "", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := detachment.Run(ctx, watch); err != nil {
		t.Fatal(err)
	}
	gone := func(c client.Client, key client.ObjectKey, object client.Object) func(context.Context) bool {
		return func(ctx context.Context) bool { return apierrors.IsNotFound(c.Get(ctx, key, object)) }
	}
	first.eventually(ctx, "the credentials of the second cluster are gone",
		gone(first.client, client.ObjectKey{Namespace: "istio-system", Name: "istio-remote-secret-second"}, &corev1.Secret{}))
	peer.eventually(ctx, "nothing leads to istiod any more",
		gone(peer.client, client.ObjectKey{Namespace: "istio-system", Name: "istiod-cp-v131x"}, &corev1.Service{}))
	if members := overview(ctx, t, first.client); len(members) != 1 {
		t.Errorf("after detaching, the status is %+v", members)
	}
	if err := peer.client.Get(ctx, client.ObjectKey{Name: registry.DefaultNamespace}, namespace); err == nil && namespace.DeletionTimestamp == nil {
		t.Error("the registry's namespace is still in the second cluster")
	}
}

func overview(ctx context.Context, t *testing.T, c client.Client) []peering.Member {
	t.Helper()
	var planes servicemeshv1alpha1.IstioControlPlaneList
	var peers servicemeshv1alpha1.PeerIstioControlPlaneList
	var clusters clusterregistryv1alpha1.ClusterList
	for _, list := range []client.ObjectList{&planes, &peers, &clusters} {
		if err := c.List(ctx, list); err != nil {
			t.Fatal(err)
		}
	}
	return peering.Overview(peering.Known{ControlPlanes: planes.Items, Peers: peers.Items, Clusters: clusters.Items})
}
