package istio_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/internal/istio"
)

func builtin(t *testing.T) istio.Release {
	t.Helper()
	release, err := istio.Builtin().Find("")
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func names(objects []*unstructured.Unstructured) []string {
	var list []string
	for _, object := range objects {
		list = append(list, object.GetKind()+" "+object.GetName())
	}
	return list
}

// The documented namespace label must select the control plane, and no object may have a name
// that the API server refuses.
func TestControlPlaneRendersRevisionAndTag(t *testing.T) {
	revision := istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}
	objects, err := builtin(t).ControlPlane(revision, map[string]any{"global": map[string]any{"tag": "1.31.1"}}, "v1.36.3")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"HorizontalPodAutoscaler istiod-cp-v131x",
		"ClusterRole istiod-clusterrole-cp-v131x-istio-system",
		"ClusterRole istiod-gateway-controller-cp-v131x-istio-system",
		"ClusterRoleBinding istiod-clusterrole-cp-v131x-istio-system",
		"ClusterRoleBinding istiod-gateway-controller-cp-v131x-istio-system",
		"ConfigMap values-cp-v131x",
		"ConfigMap istio-cp-v131x",
		"Deployment istiod-cp-v131x",
		"ConfigMap istio-sidecar-injector-cp-v131x",
		"MutatingWebhookConfiguration istio-sidecar-injector-cp-v131x",
		"ClusterRole istio-reader-clusterrole-cp-v131x-istio-system",
		"ClusterRoleBinding istio-reader-clusterrole-cp-v131x-istio-system",
		"MutatingWebhookConfiguration istio-revision-tag-cp-v131x.istio-system",
		"Role istiod-cp-v131x",
		"RoleBinding istiod-cp-v131x",
		"Service istiod-cp-v131x",
		"ServiceAccount istiod-cp-v131x",
		"ValidatingWebhookConfiguration istio-validator-cp-v131x-istio-system",
	}
	if diff := cmp.Diff(want, names(objects)); diff != "" {
		t.Error(diff)
	}
}

func TestBaseValidatesByTheGivenControlPlane(t *testing.T) {
	objects, err := builtin(t).Base(istio.Revision{Name: "cp-v131x", Namespace: "mesh"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ValidatingWebhookConfiguration istiod-default-validator", "ServiceAccount istio-reader-service-account"}, names(objects)); diff != "" {
		t.Fatal(diff)
	}
	webhooks, _, _ := unstructured.NestedSlice(objects[0].Object, "webhooks")
	service, _, _ := unstructured.NestedMap(webhooks[0].(map[string]any), "clientConfig", "service")
	if diff := cmp.Diff(map[string]any{"name": "istiod-cp-v131x", "namespace": "mesh", "path": "/validate"}, service); diff != "" {
		t.Error(diff)
	}
}

func TestCRDsAreIstios(t *testing.T) {
	objects, err := builtin(t).CRDs()
	if err != nil {
		t.Fatal(err)
	}
	var found bool
	for _, object := range objects {
		if object.GetKind() != "CustomResourceDefinition" {
			t.Errorf("%s %s is no CRD", object.GetKind(), object.GetName())
		}
		found = found || object.GetName() == "virtualservices.networking.istio.io"
	}
	if !found {
		t.Error("no VirtualService among the CRDs")
	}
}

func TestFindRelease(t *testing.T) {
	catalogue := istio.Catalogue{{Version: "1.30.2"}, {Version: "1.31.1"}, {Version: "1.31.0"}}
	for wanted, found := range map[string]string{
		"": "1.31.1", "1.31": "1.31.1", "1.31.x": "1.31.1", "1.31.0": "1.31.0", "v1.30.2": "1.30.2", "1.30": "1.30.2",
	} {
		release, err := catalogue.Find(wanted)
		if err != nil || release.Version != found {
			t.Errorf("Find(%q) = %q, %v; want %q", wanted, release.Version, err, found)
		}
	}
	_, err := catalogue.Find("1.15.3")
	want := `Istio version "1.15.3" is not in the catalogue; available: 1.31.1, 1.31.0, 1.30.2`
	if err == nil || err.Error() != want {
		t.Errorf("got error %v; want %s", err, want)
	}
}

func TestRevisionNames(t *testing.T) {
	if got := istio.ControlPlaneName("1.31.1"); got != "cp-v131x" {
		t.Errorf("ControlPlaneName = %q", got)
	}
	revision, ok := istio.ParseRevisionLabel("cp-v131x.istio-system")
	if !ok || revision != (istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}) {
		t.Errorf("ParseRevisionLabel = %v, %v", revision, ok)
	}
	for _, label := range []string{"", "cp-v131x", ".ns", "name."} {
		if _, ok := istio.ParseRevisionLabel(label); ok {
			t.Errorf("ParseRevisionLabel(%q) accepted", label)
		}
	}
}
