package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/registry"
)

// The mesh of document 003's planning form, on three clusters with three networks, reaches its documented states: the
// GlobalMesh goes from Creating to Running and its clusters from Connecting to Connected, with the Service, the network
// IDs, the address of istiod and the mesh networks that the document asks for. Deleted in one cluster, it goes from all
// that answer, and nobody waits for one whose operator does not run.
func TestThePlannedMesh(t *testing.T) {
	if testing.Short() {
		t.Skip("runs three clusters")
	}
	objects := plannedMesh(t)
	var group []*planned
	for number, name := range []string{"mdemo-cluster1", "mdemo-cluster2", "mdemo-cluster3"} {
		group = append(group, startPlanned(t, number+1, name))
	}
	owner := group[0]
	for _, other := range group[1:] {
		owner.introduce(t, other)
		other.introduce(t, owner)
	}
	for _, object := range objects {
		owner.create(t, object)
	}
	mesh := &discoveryv3alpha1.GlobalMesh{ObjectMeta: metav1.ObjectMeta{Namespace: "mspider-system", Name: "mdemo-mesh"}}
	seen := map[string]bool{}
	owner.until(t, "the mesh runs and its clusters are connected", func(ctx context.Context) (string, bool) {
		if err := owner.typed.Get(ctx, client.ObjectKeyFromObject(mesh), mesh); err != nil {
			return err.Error(), false
		}
		seen[string(mesh.Status.Phase)] = true
		var clusters discoveryv3alpha1.MeshClusterList
		if err := owner.typed.List(ctx, &clusters); err != nil {
			return err.Error(), false
		}
		state, connected := fmt.Sprintf("mesh %s %v", mesh.Status.Phase, mesh.Status.Conditions), 0
		for _, c := range clusters.Items {
			seen[string(c.Status.Phase)] = true
			state += fmt.Sprintf("; %s %s %v", c.Name, c.Status.Phase, c.Status.Conditions)
			if c.Status.Phase == discoveryv3alpha1.ClusterConnected {
				connected++
			}
		}
		return state, mesh.Status.Phase == discoveryv3alpha1.MeshRunning && connected == 3
	})
	for _, phase := range []string{"Creating", "Running", "Connecting", "Connected"} {
		if !seen[phase] {
			t.Errorf("%s was not seen", phase)
		}
	}
	const hosted = "Service istio-system/istiod-mdemo-mesh-hosted-lb"
	slice := "EndpointSlice istio-system/istiod-mdemo-mesh"
	for i, effects := range [][]effect{
		{
			{"GlobalMesh mspider-system/mdemo-mesh", `{.status.meshVersion} {.status.deployNamespace} {.status.conditions[?(@.type=="ControlPlaneExposed")].message}`, "1.31.1 istio-system 192.0.2.1"},
			{"GlobalMesh mspider-system/mdemo-mesh", `{.status.conditions[?(@.type=="UnsupportedFields")].status}`, "True"},
			{hosted, "{.spec.type}", "LoadBalancer"},
			{"MeshCluster mspider-system/mdemo-cluster2", "{.status.mesh} {.status.network}", "mdemo-mesh network-c2"},
			{"IstioControlPlane istio-system/mdemo-mesh", "{.spec.mode} {.spec.networkName}", "ACTIVE network-c1"},
			{"Secret istio-system/istio-remote-secret-mdemo-cluster3", `{.metadata.labels.istio/multiCluster}`, "true"},
			{"PeerIstioControlPlane istio-system/mdemo-mesh-mdemo-cluster3", "{.spec.mode} {.status.status}", "PASSIVE Available"},
		},
		{
			{"IstioControlPlane istio-system/mdemo-mesh", "{.spec.mode} {.spec.networkName} {.status.status}", "PASSIVE network-c2 Available"},
			{slice, "{.endpoints[0].addresses[0]}", "10.64.30.71"},
			{hosted, "", absent},
			{"GlobalMesh mspider-system/mdemo-mesh", "{.status.phase}", "Running"},
		},
		{{"IstioControlPlane istio-system/mdemo-mesh", "{.spec.networkName}", "network-c3"}, {slice, "{.endpoints[0].addresses[0]}", "10.64.30.71"}},
	} {
		for _, e := range effects {
			group[i].check(t, e)
		}
	}
	networks := &corev1.ConfigMap{}
	if err := owner.typed.Get(t.Context(), client.ObjectKey{Namespace: "istio-system", Name: "istio-mdemo-mesh"}, networks); err != nil || !strings.Contains(networks.Data["meshNetworks"], "address: 10.6.136.29") {
		t.Errorf("istiod knows the networks %q: %v", networks.Data["meshNetworks"], err)
	}

	group[2].stopOperator()
	if err := owner.typed.Delete(t.Context(), mesh); err != nil {
		t.Fatal(err)
	}
	for _, c := range group[:2] {
		c.until(t, "the mesh is gone", func(ctx context.Context) (string, bool) {
			here := &discoveryv3alpha1.GlobalMesh{}
			err := c.typed.Get(ctx, client.ObjectKeyFromObject(mesh), here)
			return fmt.Sprint(err, here.Status.Conditions), apierrors.IsNotFound(err)
		})
		c.check(t, effect{"IstioControlPlane istio-system/mdemo-mesh", "", absent})
		c.check(t, effect{hosted, "", absent})
	}
}

// plannedMesh are the objects of the planning form, with a version that the catalogue holds.
func plannedMesh(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for _, object := range frontDoors(t) {
		if object.GetNamespace() != "mspider-system" {
			continue
		}
		if object.GetKind() == discoveryv3alpha1.KindGlobalMesh {
			err := unstructured.SetNestedField(object.Object, istio.BuiltinVersion+"-mspider", "spec", "ownerConfig", "controlPlaneParams", "global.istio_version")
			if err != nil {
				t.Fatal(err)
			}
		}
		objects = append(objects, object)
	}
	return objects
}

// planned is a cluster of the mesh, with an operator and a cluster registry.
type planned struct {
	*cluster
	name         string
	stopOperator func()
}

func startPlanned(t *testing.T, number int, name string) *planned {
	t.Helper()
	c := &planned{cluster: start(t, kubetest.WithControllers(), kubetest.Another(number)), name: name}
	c.RunNode(t)
	c.balance(t)
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: istio.DefaultNamespace}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "mspider-system"}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "smm-operator"}},
		aggregatedRole("controller"), aggregatedRole("reader"),
		&smmv1alpha1.ControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "smm"}, Spec: smmv1alpha1.ControlPlaneSpec{
			ClusterName:     name,
			ClusterRegistry: &smmv1alpha1.NamespacedComponent{Component: smmv1alpha1.Component{Enabled: new(true)}},
			MeshManager:     &smmv1alpha1.MeshManager{Component: smmv1alpha1.Component{Enabled: new(false)}},
		}},
	} {
		if err := c.typed.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	if number == 1 { // what istiod would publish
		root := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: istio.DefaultNamespace, Name: istio.RootCertConfigMap, Labels: map[string]string{"istio.io/config": "true"}},
			Data:       map[string]string{"root-cert.pem": "certificate"},
		}
		if err := c.typed.Create(t.Context(), root); err != nil {
			t.Fatal(err)
		}
	}
	c.Config.Wrap(withoutWebhooks)
	c.stopOperator = c.operate(t)
	c.runRegistry(t)
	return c
}

// aggregatedRole is what the operator's chart brings for the cluster registry.
func aggregatedRole(of string) *rbacv1.ClusterRole {
	label := map[string]string{"cluster-registry.k8s.cisco.com/" + of + "-aggregated": "true"}
	return &rbacv1.ClusterRole{
		ObjectMeta:      metav1.ObjectMeta{Name: "cluster-registry-" + of + "-aggregated"},
		AggregationRule: &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: label}}},
	}
}

// runRegistry runs the cluster registry with the rights of its pod, once the operator has made them.
func (c *planned) runRegistry(t *testing.T) {
	t.Helper()
	config := rest.CopyConfig(c.Config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + registry.DefaultNamespace + ":" + registry.ControllerName,
		Groups:   []string{"system:serviceaccounts", "system:authenticated"},
	}
	var controller manager.Manager
	c.until(t, "the registry's rights are there", func(ctx context.Context) (string, bool) {
		err := c.typed.Get(ctx, client.ObjectKey{Namespace: registry.DefaultNamespace, Name: registry.ReaderServiceAccount}, &corev1.ServiceAccount{})
		if err == nil {
			controller, err = registry.New(ctx, config, registry.Options{
				ClusterName: c.name, Namespace: registry.DefaultNamespace, APIServerAddress: c.Config.Host, Log: slog.New(slog.DiscardHandler),
			})
		}
		return fmt.Sprint(err), err == nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- controller.Start(ctx) }()
	t.Cleanup(sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the registry of %s ended: %v", c.name, err)
		}
	}))
}

// introduce gives the cluster the Cluster and the credentials of another, as the documentation tells.
func (c *planned) introduce(t *testing.T, other *planned) {
	t.Helper()
	var known clusterregistryv1alpha1.Cluster
	var secret corev1.Secret
	other.until(t, "the cluster has credentials for its peers", func(ctx context.Context) (string, bool) {
		err := other.typed.Get(ctx, client.ObjectKey{Namespace: registry.DefaultNamespace, Name: other.name}, &secret)
		if err == nil {
			err = other.typed.Get(ctx, client.ObjectKey{Name: other.name}, &known)
		}
		return fmt.Sprint(err), err == nil
	})
	for _, object := range []client.Object{
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: secret.Namespace, Name: secret.Name}, Type: secret.Type, Data: secret.Data},
		&clusterregistryv1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: known.Name}, Spec: known.Spec},
	} {
		if err := c.typed.Create(t.Context(), object); client.IgnoreAlreadyExists(err) != nil { // another cluster may have told already
			t.Fatal(err)
		}
	}
}

func (c *planned) create(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	if _, err := c.resource(t, object).Create(t.Context(), object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}); err != nil {
		t.Fatal(err)
	}
}

// until waits until a condition holds; what it is instead is told when it never does.
func (c *planned) until(t *testing.T, what string, holds func(context.Context) (string, bool)) {
	t.Helper()
	deadline := time.Now().Add(reconcileTimeout)
	for {
		state, done := holds(t.Context())
		if done {
			return
		}
		if time.Now().After(deadline) {
			var planes v1alpha1.IstioControlPlaneList
			_ = c.typed.List(t.Context(), &planes)
			for i := range planes.Items {
				t.Logf("IstioControlPlane %s: %+v", planes.Items[i].Name, planes.Items[i].Status.Conditions)
			}
			t.Fatalf("cluster %s: it never came: %s: %s", c.name, what, state)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// withoutWebhooks leaves the webhooks out of what is applied: nobody answers them here.
func withoutWebhooks(next http.RoundTripper) http.RoundTripper { return webhookless{next} }

type webhookless struct{ next http.RoundTripper }

func (w webhookless) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodPatch || !strings.Contains(request.URL.Path, "/"+"admissionregistration.k8s.io/") {
		return w.next.RoundTrip(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(body); err != nil {
		return nil, err
	}
	delete(object.Object, "webhooks")
	if body, err = object.MarshalJSON(); err != nil {
		return nil, err
	}
	changed := request.Clone(request.Context())
	changed.Body, changed.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	changed.GetBody = nil
	return w.next.RoundTrip(changed)
}
