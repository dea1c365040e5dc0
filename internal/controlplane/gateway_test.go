package controlplane_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/meshgateway"
)

// A gateway's pods get their proxy from the control plane that they name, in a namespace without
// labels too; what the gateway says of the proxy is kept.
func TestGatewayPodsAreInjected(t *testing.T) {
	in := newInjected(t, decode(t, "testdata/meshexpansion/documented.controlplane.yaml"))
	unlabel := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"istio.io/rev":null}}}`))
	if err := in.client.Patch(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: in.namespace}}, unlabel); err != nil {
		t.Fatal(err)
	}
	in.create(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: in.namespace, Name: "ingress-service-account"}})

	for name, test := range map[string]struct {
		change func(*v1alpha1.IstioMeshGatewaySpec)
		image  string // a part of it
		user   int64
		env    map[string]string
	}{
		"defaults": {change: func(*v1alpha1.IstioMeshGatewaySpec) {}, image: "/proxyv2:", user: 1337},
		"as root":  {change: func(spec *v1alpha1.IstioMeshGatewaySpec) { spec.RunAsRoot = new(true) }, image: "/proxyv2:", user: 0},
		"settings of its own": {
			change: func(spec *v1alpha1.IstioMeshGatewaySpec) {
				spec.Deployment = &v1alpha1.WorkloadConfig{ContainerConfig: v1alpha1.ContainerConfig{
					Image: "registry.example.org/proxy:patched", Env: []corev1.EnvVar{{Name: "ISTIO_META_ROUTER_MODE", Value: "standard"}},
				}}
			},
			image: "registry.example.org/proxy:patched", user: 1337,
			env: map[string]string{"ISTIO_META_ROUTER_MODE": "standard"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			gateway := &v1alpha1.IstioMeshGateway{ObjectMeta: metav1.ObjectMeta{Namespace: in.namespace, Name: "ingress"}}
			gateway.Spec.Type = v1alpha1.GatewayTypeIngress
			test.change(&gateway.Spec)
			pod := in.gatewayPod(t, gateway)
			proxy := containerOf(t, pod, istio.ProxyContainer)
			if !strings.Contains(proxy.Image, test.image) {
				t.Errorf("image %s; want %s", proxy.Image, test.image)
			}
			if user := proxy.SecurityContext.RunAsUser; user == nil || *user != test.user {
				t.Errorf("security context %+v; want user %d", proxy.SecurityContext, test.user)
			}
			if args := strings.Join(proxy.Args, " "); !strings.HasPrefix(args, "proxy router") {
				t.Errorf("the proxy is no gateway: %s", args)
			}
			for variable, value := range test.env {
				if got := envOf(proxy, variable); got[variable] != value {
					t.Errorf("%s=%q; want %q", variable, got[variable], value)
				}
			}
		})
	}
}

// gatewayPod returns what a pod of the gateway becomes.
func (in *injected) gatewayPod(t *testing.T, gateway *v1alpha1.IstioMeshGateway) *corev1.Pod {
	t.Helper()
	revision := istio.Revision{Name: "cp-v131x", Namespace: in.namespace}
	objects, err := meshgateway.Objects(gateway, meshgateway.Injection{Revision: revision}, find(t, ""), meshgateway.Cluster{})
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &deployment); err != nil {
				t.Fatal(err)
			}
		}
	}
	template := deployment.Spec.Template
	var made *corev1.Pod
	eventually(t, func(ctx context.Context) string { // the API server may not know the webhook or the labels yet
		made = &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: *template.Spec.DeepCopy()}
		made.Namespace, made.GenerateName = in.namespace, "ingress-"
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

// The real istiod finds nothing wrong with the routes of mesh expansion.
func TestIstiodAcceptsMeshExpansion(t *testing.T) {
	icp := decode(t, "testdata/meshexpansion/documented.controlplane.yaml")
	in := newInjected(t, icp)
	objects, err := controlplane.MeshExpansion(icp)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, object := range objects {
		if strings.HasPrefix(object.GetAPIVersion(), "networking.istio.io/") {
			asked++
			if problem := in.istiod.validate(t, object); problem != "" {
				t.Errorf("%s %s: %s", object.GetKind(), object.GetName(), problem)
			}
		}
	}
	if asked != 4 {
		t.Errorf("istiod was asked about %d resources; want 4", asked)
	}
	broken := objects[len(objects)-1].DeepCopy()
	if err := unstructured.SetNestedField(broken.Object, "", "spec", "host"); err != nil {
		t.Fatal(err)
	}
	if in.istiod.validate(t, broken) == "" {
		t.Error("istiod accepts a DestinationRule without a host: it is asked nothing")
	}
}

// validate asks istiod about a resource as the API server does, and returns why it refuses it.
func (i *istiod) validate(t *testing.T, object *unstructured.Unstructured) (problem string) {
	t.Helper()
	raw, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	kind := object.GroupVersionKind()
	review, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "test", Operation: admissionv1.Create, Namespace: object.GetNamespace(), Name: object.GetName(),
			Kind:   metav1.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind},
			Object: runtime.RawExtension{Raw: raw},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Its certificate is signed by the authority that it just made.
	asker := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("https://%s/validate", i.webhook), bytes.NewReader(review))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := asker.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer admissionv1.AdmissionReview
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Response == nil {
		t.Fatalf("istiod answers %s without a decision", response.Status)
	}
	if answer.Response.Allowed {
		return ""
	}
	return answer.Response.Result.Message
}
