package controlplane_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// injected asks the API server what pods of a namespace would become.
type injected struct {
	t         *testing.T
	client    client.Client
	namespace string
	istiod    *istiod
}

// newInjected runs the real istiod with what a control plane renders to, and has the API server
// ask it about the pods of a namespace.
func newInjected(t *testing.T, icp *v1alpha1.IstioControlPlane) *injected {
	t.Helper()
	cluster := kubetest.Start(t)
	in := &injected{t: t, client: newClient(t, cluster.Config), namespace: cluster.Namespace(t)}
	icp.Namespace = in.namespace
	revision := istio.Revision{Name: icp.Name, Namespace: icp.Namespace}
	objects, err := controlplane.Objects(icp, find(t, ""), "", false)
	if err != nil {
		t.Fatal(err)
	}
	var webhooks []*unstructured.Unstructured
	var environment []string
	for _, object := range objects {
		switch object.GetKind() {
		case "ConfigMap":
			in.create(object)
		case "Deployment":
			environment = environmentOf(t, object)
		case "MutatingWebhookConfiguration":
			webhooks = append(webhooks, object)
		}
	}
	in.create(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: in.namespace, Name: "default"}})
	in.istiod = startIstiod(t, cluster, in.namespace, icp.Name, environment...)
	for _, webhook := range webhooks {
		in.istiod.reachAt(t, webhook)
		in.create(webhook)
	}
	label := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"istio.io/rev":"`+revision.Label()+`"}}}`))
	if err := in.client.Patch(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: in.namespace}}, label); err != nil {
		t.Fatal(err)
	}
	for _, webhook := range webhooks {
		in.awaitTrust(webhook.GetName())
	}
	return in
}

// environmentOf is what istiod's features are set by, without what leads it to others.
func environmentOf(t *testing.T, deployment *unstructured.Unstructured) []string {
	t.Helper()
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil {
		t.Fatal(err)
	}
	var environment []string
	for _, item := range containers[0].(map[string]any)["env"].([]any) {
		variable := item.(map[string]any)
		name := variable["name"].(string)
		if value, plain := variable["value"].(string); plain && name != "KUBECONFIG" && !strings.HasSuffix(name, "_PROXY") {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

func (in *injected) create(object client.Object) {
	in.t.Helper()
	if err := in.client.Create(in.t.Context(), object); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = in.client.Delete(context.Background(), object) })
}

// awaitTrust waits until istiod has told the API server by which certificate to know it.
func (in *injected) awaitTrust(name string) {
	in.t.Helper()
	eventually(in.t, func(ctx context.Context) string {
		var configuration admissionregistrationv1.MutatingWebhookConfiguration
		if err := in.client.Get(ctx, client.ObjectKey{Name: name}, &configuration); err != nil {
			return err.Error()
		}
		for _, webhook := range configuration.Webhooks {
			if len(webhook.ClientConfig.CABundle) == 0 {
				return name + " has no certificate yet"
			}
		}
		return ""
	})
}

// pod returns what a pod with the annotations and containers becomes.
func (in *injected) pod(annotations map[string]string, containers ...corev1.Container) *corev1.Pod {
	in.t.Helper()
	var made *corev1.Pod
	eventually(in.t, func(ctx context.Context) string { // the API server may not know the webhook yet
		made = &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: in.namespace, GenerateName: "pod-", Annotations: annotations},
			Spec:       corev1.PodSpec{Containers: containers},
		}
		if err := in.client.Create(ctx, made, client.DryRunAll); err != nil {
			return err.Error()
		}
		if made.Annotations["sidecar.istio.io/status"] == "" {
			return "the pod was not injected"
		}
		return ""
	})
	return made
}

func containerOf(t *testing.T, pod *corev1.Pod, name string) corev1.Container {
	t.Helper()
	for _, container := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
		if container.Name == name {
			return container
		}
	}
	t.Fatalf("the pod has no container %s", name)
	return corev1.Container{}
}

func envOf(container corev1.Container, names ...string) map[string]string {
	found := map[string]string{}
	for _, variable := range container.Env {
		for _, name := range names {
			if variable.Name == name {
				found[name] = variable.Value
			}
		}
	}
	return found
}

// What the specification says of pods arrives in them, by the real istiod's injection.
func TestSpecificationReachesInjectedPods(t *testing.T) {
	in := newInjected(t, decode(t, "testdata/injection.yaml"))
	app := corev1.Container{Name: "app", Image: "app", Env: []corev1.EnvVar{{Name: "HTTP_PROXY", Value: "own"}}}
	pod := in.pod(nil, app, corev1.Container{Name: "helper", Image: "helper"})

	for name, want := range map[string]map[string]string{
		"app":         {"HTTP_PROXY": "own", "NO_PROXY": ".example.org"},
		"helper":      {"HTTP_PROXY": "http://proxy.example.org:3128", "NO_PROXY": ".example.org"},
		"istio-proxy": {"FROM_THE_TEMPLATE": "true"},
	} {
		got := envOf(containerOf(t, pod, name), "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FROM_THE_TEMPLATE")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("environment of %s:\n%s", name, diff)
		}
	}
	if dump := containerOf(t, pod, "enable-core-dump"); dump.Image != containerOf(t, pod, "istio-init").Image || !*dump.SecurityContext.Privileged {
		t.Errorf("the init container for core dumps: %+v", dump)
	}
	ownResources := corev1.ResourceRequirements{Limits: corev1.ResourceList{
		"cpu": resource.MustParse("20m"), "memory": resource.MustParse("20Mi"),
	}}
	// The API server completes requests from limits.
	ownResources.Requests = ownResources.Limits
	if diff := cmp.Diff(ownResources, containerOf(t, pod, "istio-init").Resources); diff != "" {
		t.Errorf("resources of the init container:\n%s", diff)
	}
	proxyResources := corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("50m")}}
	if diff := cmp.Diff(proxyResources, containerOf(t, pod, "istio-proxy").Resources); diff != "" {
		t.Errorf("resources of the proxy:\n%s", diff)
	}
	if got := pod.Annotations["sidecar"]; got != "cp-v131x" {
		t.Errorf("the template merged over the sidecar's gives %q; want the revision", got)
	}
}

// Where Kubernetes has sidecars of its own, the proxy is one, unless a template knows it as an
// ordinary container only. What is merged over the built-in template works with both.
func TestProxyIsASidecarOfKubernetes(t *testing.T) {
	icp := decode(t, "testdata/injection.yaml")
	icp.Spec.SidecarInjector = &v1alpha1.SidecarInjectorConfig{Templates: &v1alpha1.InjectionTemplates{Sidecar: `
spec:
  {{ if .NativeSidecars }}initContainers{{ else }}containers{{ end }}:
  - name: istio-proxy
    env:
    - {name: FROM_THE_TEMPLATE, value: "true"}
`}}
	pod := newInjected(t, icp).pod(nil, corev1.Container{Name: "app", Image: "app"})
	var names []string
	for _, container := range pod.Spec.InitContainers {
		names = append(names, container.Name)
	}
	if diff := cmp.Diff([]string{"istio-init", "istio-proxy", "enable-core-dump"}, names); diff != "" {
		t.Errorf("init containers:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"FROM_THE_TEMPLATE": "true"}, envOf(containerOf(t, pod, "istio-proxy"), "FROM_THE_TEMPLATE")); diff != "" {
		t.Error(diff)
	}
}

// A template that is merged over a built-in one is there wherever the built-in one is chosen.
func TestTemplatesAreMergedWhereverTheyAreChosen(t *testing.T) {
	in := newInjected(t, decode(t, "testdata/injection.yaml"))
	app := corev1.Container{Name: "app", Image: "app"}
	for chosen, want := range map[string]map[string]string{
		"sidecar,custom": {"sidecar": "cp-v131x", "custom": "chosen"},
		"gateway":        {"gateway": "merged"},
		"grpc-agent":     {},
	} {
		pod := in.pod(map[string]string{"inject.istio.io/templates": chosen}, app)
		got := map[string]string{}
		for _, name := range []string{"sidecar", "gateway", "custom"} {
			if value, found := pod.Annotations[name]; found {
				got[name] = value
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", chosen, diff)
		}
	}
}
