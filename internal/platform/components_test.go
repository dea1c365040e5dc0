package platform_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
)

const (
	pullSecret      = "smm-registry.eticloud.io-pull-secret"
	componentsLimit = 10 * time.Minute
)

// installation is a mesh on a cluster in which nothing runs, whose ControlPlane a test changes.
type installation struct {
	t      *testing.T
	ctx    context.Context
	client client.WithWatch
	driver *platform.Driver
	writes *writeCounter // of the driver
}

// installDocumented installs the documents' ControlPlane of the operator's chart. Nobody answers
// Istio's webhooks here, so they ask nobody.
func installDocumented(t *testing.T) *installation {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.WithControllers())
	ctx, cancel := context.WithTimeout(t.Context(), componentsLimit)
	t.Cleanup(cancel)
	i := &installation{t: t, ctx: ctx, client: newClient(t, cluster.Config)}
	cluster.RunNode(t)
	go publishRootCertificates(ctx, i.client)
	i.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: platform.RegistryAccessNamespace}})
	i.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: platform.RegistryAccessNamespace, Name: pullSecret},
		Type:       corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: `{"auths":{}}`},
	})

	text, err := os.ReadFile("../../api/testdata/manifests/2.3.5.1-controlplane-1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cp, err := platform.ReadControlPlane([]byte(strings.ReplaceAll(string(text), "cp-v115x", "cp-v131x")))
	if err != nil {
		t.Fatal(err)
	}
	cp.Spec.ClusterName = "c1"
	on := true
	cp.Spec.SMM.Health = &smmv1alpha1.Health{Enabled: &on}
	cp.Spec.SMM.ExposeDashboard = &smmv1alpha1.ExposeDashboard{MeshGateway: &smmv1alpha1.DashboardGateway{
		Enabled: &on, Service: &smmv1alpha1.DashboardService{Type: corev1.ServiceTypeNodePort}, // nobody balances here
	}}
	cp.Spec.MeshManager.Istio.IstioCROverrides = strings.Replace(expandedMesh, "enabled: true", "enabled: false", 1)
	prepared, err := newInstaller(t, cluster.Config).PrepareControlPlane(ctx, cp)
	if err != nil {
		t.Fatal(err)
	}
	if err := prepared.Install(ctx, nil); err != nil {
		t.Fatal(err)
	}
	counted, counter := counting(cluster.Config, 0)
	i.writes = counter
	i.driver = platform.NewDriver(newClient(t, counted), istio.Builtin(), prepared.Facts.KubernetesVersion, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := i.driver.Uninstall(ctx, platform.ControlPlaneName, nil); err != nil {
			t.Error(err)
		}
		i.remove(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: platform.RegistryAccessNamespace}})
	})
	return i
}

func (i *installation) create(object client.Object) {
	i.t.Helper()
	if err := i.client.Create(i.ctx, object); err != nil {
		i.t.Fatal(err)
	}
}

// remove deletes an object and waits until it is gone.
func (i *installation) remove(ctx context.Context, object client.Object) {
	i.t.Helper()
	if err := i.client.Delete(ctx, object); client.IgnoreNotFound(err) != nil {
		i.t.Fatal(err)
	}
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := i.client.Get(ctx, client.ObjectKeyFromObject(object), object)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err != nil {
		i.t.Fatal(err)
	}
}

// patch changes the ControlPlane and reconciles until it is as it says.
func (i *installation) patch(spec string) {
	i.t.Helper()
	cp := &smmv1alpha1.ControlPlane{ObjectMeta: metav1.ObjectMeta{Name: platform.ControlPlaneName}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":`+spec+`}`))
	if err := i.client.Patch(i.ctx, cp, patch, client.FieldOwner("kubectl-patch")); err != nil {
		i.t.Fatal(err)
	}
	i.reconcile()
}

func (i *installation) reconcile() {
	i.t.Helper()
	if err := i.driver.Install(i.ctx, platform.ControlPlaneName, nil); err != nil {
		i.t.Fatal(err)
	}
}

func (i *installation) controlPlane() *smmv1alpha1.ControlPlane {
	i.t.Helper()
	cp := &smmv1alpha1.ControlPlane{}
	if err := i.client.Get(i.ctx, client.ObjectKey{Name: platform.ControlPlaneName}, cp); err != nil {
		i.t.Fatal(err)
	}
	return cp
}

// components are the states of all components, as "name state".
func (i *installation) components() []string {
	i.t.Helper()
	var states []string
	for name, status := range i.controlPlane().Status.Components {
		states = append(states, fmt.Sprintf("%s %s", name, status.Status))
	}
	slices.Sort(states)
	return states
}

// objects lists what belongs to the product, by kind and name.
func (i *installation) objects() []string {
	i.t.Helper()
	var names []string
	for _, kind := range []metav1.GroupVersionKind{
		{Version: "v1", Kind: "ServiceAccount"}, {Version: "v1", Kind: "Service"}, {Version: "v1", Kind: "Secret"},
		{Group: "apps", Version: "v1", Kind: "Deployment"}, {Group: "apps", Version: "v1", Kind: "DaemonSet"}, {Group: "apps", Version: "v1", Kind: "StatefulSet"},
		{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"}, {Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
		{Group: "servicemesh.cisco.com", Version: "v1alpha1", Kind: "IstioControlPlane"}, {Group: "servicemesh.cisco.com", Version: "v1alpha1", Kind: "IstioMeshGateway"},
		{Group: "networking.istio.io", Version: "v1", Kind: "Gateway"}, {Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"},
	} {
		list := &metav1.PartialObjectMetadataList{}
		list.APIVersion = metav1.GroupVersion{Group: kind.Group, Version: kind.Version}.String()
		list.Kind = kind.Kind + "List"
		if err := i.client.List(i.ctx, list, client.MatchingLabels{"app.kubernetes.io/managed-by": "smm"}); err != nil {
			i.t.Fatal(err)
		}
		for _, item := range list.Items {
			names = append(names, fmt.Sprintf("%s %s/%s", kind.Kind, item.Namespace, item.Name))
		}
	}
	slices.Sort(names)
	return names
}

// Every component of the documents' ControlPlane is there or reported, and can be switched off and
// on again; what users edit is put back; what is as it should be is left alone.
func TestComponents(t *testing.T) {
	i := installDocumented(t)
	t.Run("reported", i.testReported)
	t.Run("nothing to do", func(t *testing.T) {
		i.reconcile() // the first round of a process looks at everything
		before := i.writes.writes.Load()
		i.reconcile()
		if wrote := i.writes.writes.Load() - before; wrote > 0 {
			t.Errorf("%d writes; want none", wrote)
		}
	})
	t.Run("switched off and on", i.testSwitches)
	t.Run("ports of the ingress gateway", i.testPorts)
	t.Run("uninstalled", func(t *testing.T) {
		if err := i.driver.Uninstall(i.ctx, platform.ControlPlaneName, nil); err != nil {
			t.Fatal(err)
		}
		if left := i.objects(); len(left) > 0 {
			t.Errorf("left on the cluster: %v", left)
		}
		for _, name := range []string{"istio-system", platform.SystemNamespace} {
			if err := i.client.Get(i.ctx, client.ObjectKey{Name: name}, &corev1.Namespace{}); !apierrors.IsNotFound(err) {
				t.Errorf("namespace %s is still there: %v", name, err)
			}
		}
		key := client.ObjectKey{Namespace: platform.RegistryAccessNamespace, Name: pullSecret}
		if err := i.client.Get(i.ctx, key, &corev1.Secret{}); err != nil {
			t.Errorf("the registry's credentials: %v", err)
		}
	})
}

func (i *installation) testReported(t *testing.T) {
	if diff := cmp.Diff([]string{
		"als Unmanaged", "application Available", "auth Available", "certManager Unmanaged", "clusterRegistry Available",
		"exposeDashboard Available", "federationGateway Available", "federationGatewayOperator Available", "health Available",
		"leo Unmanaged", "meshManager Available", "nodeExporter Available", "prometheus Available", "registryAccess Available",
		"smm Available", "sre Unmanaged",
	}, i.components()); diff != "" {
		t.Errorf("components:\n%s", diff)
	}
	for name, status := range i.controlPlane().Status.Components {
		if status.Status == smmv1alpha1.ComponentUnmanaged && status.Message == "" {
			t.Errorf("component %s is Unmanaged without a reason", name)
		}
	}
}

// Switched off, a component's objects go and nothing else does; switched on again, everything is as
// before.
func (i *installation) testSwitches(t *testing.T) {
	states, objects := i.components(), i.objects()
	exposedDashboard := []string{
		"Deployment smm-system/smm-ingressgateway-external", "Gateway smm-system/smm-ingressgateway-external",
		"IstioMeshGateway smm-system/smm-ingressgateway-external", "Role smm-system/smm-ingressgateway-external-service-account",
		"RoleBinding smm-system/smm-ingressgateway-external-service-account", "Service smm-system/smm-ingressgateway-external",
		"ServiceAccount smm-system/smm-ingressgateway-external-service-account", "VirtualService smm-system/smm-ingressgateway-external",
	}
	for _, test := range []struct {
		section    string   // of the specification, with ? for whether it is on
		components []string // that it switches
		objects    []string // of theirs
	}{
		{`{"nodeExporter":{"enabled":?}}`, []string{"nodeExporter"}, []string{
			"DaemonSet smm-system/prometheus-node-exporter", "Service smm-system/prometheus-node-exporter", "ServiceAccount smm-system/prometheus-node-exporter",
		}},
		{`{"registryAccess":{"enabled":?}}`, []string{"registryAccess"}, []string{
			"Secret cluster-registry/" + pullSecret, "Secret istio-system/" + pullSecret, "Secret smm-system/" + pullSecret,
		}},
		{`{"smm":{"enabled":?}}`, []string{
			"smm", "als", "application", "auth", "exposeDashboard", "federationGateway", "federationGatewayOperator", "health", "leo", "prometheus", "sre",
		}, slices.Concat(exposedDashboard, []string{
			"Deployment smm-system/smm-application", "Deployment smm-system/smm-ingressgateway", "IstioMeshGateway smm-system/smm-ingressgateway",
			"Role cluster-registry/smm-application-peers",
			"Role smm-system/smm-application", "Role smm-system/smm-ingressgateway-service-account",
			"RoleBinding cluster-registry/smm-application-peers",
			"RoleBinding smm-system/smm-application", "RoleBinding smm-system/smm-ingressgateway-service-account",
			"Service smm-system/smm-application", "Service smm-system/smm-ingressgateway", "Service smm-system/smm-prometheus",
			"ServiceAccount smm-system/smm-application", "ServiceAccount smm-system/smm-ingressgateway-service-account",
			"ServiceAccount smm-system/smm-prometheus", "StatefulSet smm-system/prometheus-smm-prometheus",
		})},
		{`{"smm":{"exposeDashboard":{"meshGateway":{"enabled":?}}}}`, []string{"exposeDashboard"}, exposedDashboard},
		{`{"smm":{"prometheus":{"enabled":?}}}`, []string{"prometheus"}, []string{
			"Service smm-system/smm-prometheus", "ServiceAccount smm-system/smm-prometheus", "StatefulSet smm-system/prometheus-smm-prometheus",
		}},
		{`{"smm":{"application":{"enabled":?},"exposeDashboard":{"meshGateway":{"enabled":?}},"auth":{"enabled":?},` +
			`"federationGateway":{"enabled":?},"federationGatewayOperator":{"enabled":?},"health":{"enabled":?}}}`,
			[]string{"application", "auth", "exposeDashboard", "federationGateway", "federationGatewayOperator", "health"},
			slices.Concat(exposedDashboard, []string{
				"Deployment smm-system/smm-application", "Role cluster-registry/smm-application-peers",
				"Role smm-system/smm-application", "RoleBinding cluster-registry/smm-application-peers",
				"RoleBinding smm-system/smm-application", "Service smm-system/smm-application",
				"ServiceAccount smm-system/smm-application",
			})},
		{`{"clusterRegistry":{"enabled":?}}`, []string{"clusterRegistry"}, []string{
			"Deployment cluster-registry/cluster-registry-controller",
			"Role cluster-registry/cluster-registry-controller", "Role cluster-registry/smm-application-peers",
			"RoleBinding cluster-registry/cluster-registry-controller", "RoleBinding cluster-registry/smm-application-peers",
			"Secret cluster-registry/" + pullSecret, // the namespace is not the product's any more
			"ServiceAccount cluster-registry/cluster-registry-controller", "ServiceAccount cluster-registry/cluster-registry-reader",
		}},
		{`{"certManager":{"enabled":?},"smm":{"als":{"enabled":?},"leo":{"enabled":?},"sre":{"enabled":?}}}`,
			[]string{"certManager", "als", "leo", "sre"}, nil},
	} {
		t.Run(test.components[0], func(t *testing.T) {
			i.patch(strings.ReplaceAll(test.section, "?", "false"))
			for _, component := range test.components {
				if status := i.controlPlane().Status.Components[component]; status.Status != smmv1alpha1.ComponentRemoved || len(status.Inventory) > 0 {
					t.Errorf("switched off, the status of %s is %+v", component, status)
				}
			}
			left := i.objects()
			gone := slices.DeleteFunc(slices.Clone(objects), func(object string) bool { return slices.Contains(left, object) })
			slices.Sort(test.objects)
			if diff := cmp.Diff(test.objects, gone, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("objects that are gone:\n%s", diff)
			}
			i.patch(strings.ReplaceAll(test.section, "?", "true"))
			if diff := cmp.Diff(states, i.components()); diff != "" {
				t.Errorf("switched on again, components:\n%s", diff)
			}
			if diff := cmp.Diff(objects, i.objects()); diff != "" {
				t.Errorf("switched on again, objects:\n%s", diff)
			}
		})
	}
	t.Run("meshManager", func(t *testing.T) {
		if testing.Short() {
			t.Skip("installs Istio anew")
		}
		// The gateway of smm would have no control plane.
		i.patch(`{"meshManager":{"enabled":false},"smm":{"enabled":false}}`)
		var icps servicemeshv1alpha1.IstioControlPlaneList
		if err := i.client.List(i.ctx, &icps); err != nil || len(icps.Items) > 0 {
			t.Errorf("%d control planes are left, error %v", len(icps.Items), err)
		}
		i.patch(`{"meshManager":{"enabled":true},"smm":{"enabled":true}}`)
		if diff := cmp.Diff(objects, i.objects()); diff != "" {
			t.Errorf("switched on again, objects:\n%s", diff)
		}
	})
}

// What users edit in the ports of the product's gateways is put back, in the gateway and in its
// Service.
func (i *installation) testPorts(t *testing.T) {
	key := client.ObjectKey{Namespace: platform.SystemNamespace, Name: "smm-ingressgateway"}
	ports := func() string {
		var gateway servicemeshv1alpha1.IstioMeshGateway
		var service corev1.Service
		if err := i.client.Get(i.ctx, key, &gateway); err != nil {
			t.Fatal(err)
		}
		if err := i.client.Get(i.ctx, key, &service); err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, port := range gateway.Spec.Service.Ports {
			text += fmt.Sprintf("%s %d; ", port.Name, port.Port)
		}
		for _, port := range service.Spec.Ports {
			text += fmt.Sprintf("%s %d to %s; ", port.Name, port.Port, port.TargetPort.String())
		}
		return text
	}
	const want = "http2 80; http2 80 to 8080; "
	if got := ports(); got != want {
		t.Fatalf("ports %q; want %q", got, want)
	}
	for name, object := range map[string]client.Object{
		"the gateway": &servicemeshv1alpha1.IstioMeshGateway{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}},
		"its Service": &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}},
	} {
		patch := `{"spec":{"ports":[{"name":"mine","port":8888}]}}`
		if name == "the gateway" {
			patch = `{"spec":{"service":{"ports":[{"name":"http2","port":80,"targetPort":8080},{"name":"mine","port":8888}]}}}`
		}
		if err := i.client.Patch(i.ctx, object, client.RawPatch("application/merge-patch+json", []byte(patch)), client.FieldOwner("kubectl-edit")); err != nil {
			t.Fatal(err)
		}
		i.reconcile()
		if got := ports(); got != want {
			t.Errorf("after an edit of %s, ports %q; want %q", name, got, want)
		}
	}
}
