package platform_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
)

// expandedMesh has a mesh expansion gateway. Nobody answers its webhooks here, so they ask nobody.
const expandedMesh = `
apiVersion: servicemesh.cisco.com/v1alpha1
kind: IstioControlPlane
spec:
  meshExpansion:
    enabled: true
    gateway:
      service:
        ports:
        - name: tcp-smm-als-tls
          port: 50600
          protocol: TCP
          targetPort: 50600
  k8sResourceOverlays:
  - groupVersionKind:
      kind: MutatingWebhookConfiguration
    patches:
    - path: /webhooks
      type: remove
  - groupVersionKind:
      kind: ValidatingWebhookConfiguration
    patches:
    - path: /webhooks
      type: remove
`

// The mesh expansion gateway is part of the installation: that ends when the gateway has an
// address, which the control plane then has too, and uninstallation removes all of it.
func TestInstallWithMeshExpansion(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := newClient(t, cluster.Config)
	cluster.RunNode(t)
	go publishRootCertificates(ctx, c)
	go balance(ctx, c, "192.0.2.15")

	if err := installExpanded(ctx, t, cluster.Config); err != nil {
		t.Fatal(err)
	}
	second, counter := counting(cluster.Config, 0)
	if err := installExpanded(ctx, t, second); err != nil {
		t.Fatal(err)
	}
	if writes := counter.writes.Load(); writes != 0 {
		t.Errorf("the second installation wrote %d times; want 0", writes)
	}
	var icp servicemeshv1alpha1.IstioControlPlane
	if err := c.Get(ctx, client.ObjectKey{Namespace: "istio-system", Name: "cp-v131x"}, &icp); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"192.0.2.15"}, icp.Status.GatewayAddress); diff != "" || icp.Status.Status != servicemeshv1alpha1.ConfigStateAvailable {
		t.Errorf("status %s, addresses:\n%s", icp.Status.Status, diff)
	}
	var service corev1.Service
	if err := c.Get(ctx, client.ObjectKey{Namespace: "istio-system", Name: "istio-meshexpansion-cp-v131x"}, &service); err != nil {
		t.Fatal(err)
	}
	ports := map[string]int32{}
	for _, port := range service.Spec.Ports {
		ports[port.Name] = port.Port
	}
	want := map[string]int32{"tcp-status-port": 15021, "tls-istiod": 15012, "tls-istiodwebhook": 15017, "tls": 15443, "tcp-smm-als-tls": 50600}
	if diff := cmp.Diff(want, ports); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"DestinationRule istiod-expansion-cp-v131x", "Gateway istio-cross-network-cp-v131x",
		"Gateway istiod-expansion-cp-v131x", "VirtualService istiod-expansion-cp-v131x",
	}, istioResources(ctx, t, c)); diff != "" {
		t.Error(diff)
	}

	uninstall(ctx, t, cluster.Config)
	if left := istioResources(ctx, t, c); len(left) > 0 {
		t.Errorf("left on the cluster: %v", left)
	}
	var gateways servicemeshv1alpha1.IstioMeshGatewayList
	if err := c.List(ctx, &gateways); err != nil || len(gateways.Items) > 0 {
		t.Errorf("%d gateways are left, error %v", len(gateways.Items), err)
	}
	if leftovers := objectsOf(ctx, t, c); len(leftovers) > 0 {
		t.Errorf("left on the cluster: %v", leftovers)
	}
}

// Killed after a write and run again, an installation with mesh expansion reaches the same objects.
// The writes of mesh expansion come last, so those are what this is about.
func TestMeshExpansionSurvivesBeingKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	cluster := kubetest.Start(t, kubetest.WithControllers())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	c := newClient(t, cluster.Config)
	cluster.RunNode(t)
	go publishRootCertificates(ctx, c)
	go balance(ctx, c, "192.0.2.15")

	var want map[string]bool
	var routes []string
	writes := func(install func(context.Context, *testing.T, *rest.Config) error) int64 {
		config, counter := counting(cluster.Config, 0)
		if err := install(ctx, t, config); err != nil {
			t.Fatal(err)
		}
		count := counter.writes.Load()
		want, routes = objectsOf(ctx, t, c), istioResources(ctx, t, c)
		uninstall(ctx, t, cluster.Config)
		return count
	}
	writes(install) // makes the definitions, which stay
	begins, ends := writes(install), writes(installExpanded)
	if ends-begins < 10 {
		t.Fatalf("%d writes without mesh expansion, %d with", begins, ends)
	}
	t.Logf("killing after each of the writes %d to %d", begins, ends)
	for killAt := begins; killAt < ends; killAt++ {
		killed, _ := counting(cluster.Config, killAt)
		short, cancel := context.WithTimeout(ctx, 30*time.Second)
		if err := installExpanded(short, t, killed); err == nil {
			t.Logf("killed after write %d: there was nothing left to do", killAt)
		}
		cancel()
		if err := installExpanded(ctx, t, cluster.Config); err != nil {
			t.Fatalf("repeated after being killed at write %d: %v", killAt, err)
		}
		if diff := cmp.Diff(want, objectsOf(ctx, t, c)); diff != "" {
			t.Fatalf("killed at write %d, the objects differ:\n%s", killAt, diff)
		}
		if diff := cmp.Diff(routes, istioResources(ctx, t, c)); diff != "" {
			t.Fatalf("killed at write %d, Istio's resources differ:\n%s", killAt, diff)
		}
		uninstall(ctx, t, cluster.Config)
	}
}

func installExpanded(ctx context.Context, t *testing.T, config *rest.Config) error {
	t.Helper()
	prepared, err := newInstaller(t, config).Prepare(ctx, platform.Settings{ClusterName: "c1", IstioControlPlane: []byte(expandedMesh)})
	if err != nil {
		return err
	}
	return prepared.Install(ctx, nil)
}

// istioResources lists the resources of Istio in the control plane's namespace, by kind and name.
func istioResources(ctx context.Context, t *testing.T, c client.Client) []string {
	t.Helper()
	var names []string
	for _, kind := range []string{"Gateway", "VirtualService", "DestinationRule"} {
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion("networking.istio.io/v1")
		list.SetKind(kind + "List")
		if err := c.List(ctx, list, client.InNamespace("istio-system")); err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			names = append(names, kind+" "+item.GetName())
		}
	}
	slices.Sort(names)
	return names
}

// balance gives every Service with a load balancer an address, as a cloud does.
func balance(ctx context.Context, c client.WithWatch, address string) {
	changes := kube.Changes(ctx, c, []client.ObjectList{&corev1.ServiceList{}})
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
		var services corev1.ServiceList
		if err := c.List(ctx, &services); err != nil {
			continue // the next change leads here again
		}
		for i := range services.Items {
			service := &services.Items[i]
			if service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0 {
				service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address}}
				_ = c.Status().Update(ctx, service) // a conflict is a change
			}
		}
	}
}
