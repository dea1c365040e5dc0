package istio_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/internal/istio"
)

func TestCompatibilityVersionIsThatOfAnOlderLine(t *testing.T) {
	for name, test := range map[string]struct {
		release   istio.Release
		want, tag string
	}{
		"its own charts":         {istio.Release{Version: "1.31.1"}, "", "1.31.1"},
		"charts of its own line": {istio.Release{Version: "1.31.1", ChartVersion: "1.31.2"}, "", "1.31.2"},
		"charts of a newer line": {istio.Release{Version: "1.9.4", ChartVersion: "1.31.1"}, "1.9", "1.31.1"},
	} {
		if got := test.release.CompatibilityVersion(); got != test.want {
			t.Errorf("%s: compatibility version %q; want %q", name, got, test.want)
		}
		if got := test.release.ImageTag(); got != test.tag {
			t.Errorf("%s: image tag %q; want %q", name, got, test.tag)
		}
	}
}

// The release that stands in for Istio 1.30 keeps its behaviour, and no label says that it is what
// it is not.
func TestBuiltinStandsInForAnOlderLine(t *testing.T) {
	release, err := istio.Builtin().Find("1.30")
	if err != nil {
		t.Fatal(err)
	}
	if got := istio.ControlPlaneName(release.Version); got != "cp-v130x" {
		t.Errorf("its control plane is named %s; want cp-v130x", got)
	}
	newest, err := istio.Builtin().Find("")
	if err != nil || newest.Version != istio.BuiltinVersion {
		t.Errorf("the newest release is %s, %v; want %s", newest.Version, err, istio.BuiltinVersion)
	}
	objects, err := release.ControlPlane(istio.Revision{Name: "cp-v130x", Namespace: "istio-system"}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	istiod := deploymentOf(t, objects)
	if got := istiod.GetLabels()["app.kubernetes.io/version"]; got != istio.BuiltinVersion {
		t.Errorf("its label says version %s; want %s", got, istio.BuiltinVersion)
	}
	text, err := istiod.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"PILOT_ENABLE_STRICT_GATEWAY_MERGING","value":"false"}`; !strings.Contains(string(text), want) {
		t.Errorf("istiod lacks %s, by which 1.31 behaves as 1.30", want)
	}
}

func deploymentOf(t *testing.T, objects []*unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			return object
		}
	}
	t.Fatal("no Deployment was rendered")
	return nil
}

func TestCNIRendersItsDaemonSet(t *testing.T) {
	objects, err := builtin(t).CNI(istio.Revision{Name: "cp-v131x", Namespace: "mesh"}, map[string]any{"repair": map[string]any{"deletePods": true}}, "v1.36.3")
	if err != nil {
		t.Fatal(err)
	}
	var found bool
	for _, object := range objects {
		if object.GetKind() == "DaemonSet" {
			found = object.GetName() == "istio-cni-node" && object.GetNamespace() == "mesh"
		}
	}
	if !found {
		t.Errorf("no DaemonSet mesh/istio-cni-node among %v", names(objects))
	}
}
