package outbound_test

import (
	"context"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/outbound"
)

func plane(name, meshID, config string) *v1alpha1.IstioControlPlane {
	icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: name}}
	icp.Spec.MeshID = meshID
	if config != "" {
		icp.Spec.MeshConfig = &apiextensionsv1.JSON{Raw: []byte(config)}
	}
	return icp
}

func mesh(name, config string) *v1alpha1.IstioMesh {
	m := &v1alpha1.IstioMesh{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: name}}
	m.Spec.Config = &apiextensionsv1.JSON{Raw: []byte(config)}
	return m
}

func newClient(t *testing.T, objects ...client.Object) client.Client {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

// The policy is that of the mesh, for all of its control planes; other settings of the mesh stay.
func TestPolicyIsTheMeshs(t *testing.T) {
	ctx := context.Background()
	c := newClient(t, plane("cp-v130x", "mesh1", ""), plane("cp-v131x", "mesh1", `{"enableTracing":true}`), mesh("mesh1", `{"enableTracing":true}`))
	want := func(wanted outbound.Mode) {
		t.Helper()
		if mode, err := outbound.Get(ctx, c); err != nil || mode != wanted {
			t.Fatalf("policy %q, error %v; want %q", mode, err, wanted)
		}
	}
	want("")
	for _, step := range []struct {
		mode    outbound.Mode
		changes bool
	}{{outbound.RegistryOnly, true}, {outbound.RegistryOnly, false}, {outbound.AllowAny, true}} {
		changed, err := outbound.Set(ctx, c, step.mode)
		if err != nil || changed != step.changes {
			t.Fatalf("set %s: changed %t, error %v; want %t", step.mode, changed, err, step.changes)
		}
		want(step.mode)
	}
	live := &v1alpha1.IstioMesh{}
	if err := c.Get(ctx, client.ObjectKey{Namespace: "istio-system", Name: "mesh1"}, live); err != nil || !strings.Contains(string(live.Spec.Config.Raw), "enableTracing") {
		t.Errorf("the mesh's other settings are gone: %s, error %v", live.Spec.Config.Raw, err)
	}
}

// A mesh without an IstioMesh gets one.
func TestPolicyMakesTheMesh(t *testing.T) {
	ctx := context.Background()
	c := newClient(t, plane("cp-v131x", "mesh1", ""))
	if changed, err := outbound.Set(ctx, c, outbound.RegistryOnly); err != nil || !changed {
		t.Fatalf("changed %t, error %v", changed, err)
	}
	if mode, err := outbound.Get(ctx, c); err != nil || mode != outbound.RegistryOnly {
		t.Errorf("policy %q, error %v", mode, err)
	}
}

// What would make the answer wrong is an error that says what to do.
func TestPolicyThatDoesNotHold(t *testing.T) {
	for name, test := range map[string]struct {
		objects []client.Object
		want    string
	}{
		"no control plane":    {nil, "install the mesh with 'smm install -a'"},
		"no mesh":             {[]client.Object{plane("cp", "", "")}, "belongs to no mesh"},
		"a policy of its own": {[]client.Object{plane("cp", "mesh1", `{"outboundTrafficPolicy":{"mode":"ALLOW_ANY"}}`)}, "has a policy of its own, ALLOW_ANY"},
		"meshes that differ":  {[]client.Object{plane("a", "mesh1", ""), plane("b", "mesh2", ""), mesh("mesh2", `{"outboundTrafficPolicy":{"mode":"REGISTRY_ONLY"}}`)}, "differ"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := outbound.Get(context.Background(), newClient(t, test.objects...)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want one with %q", err, test.want)
			}
		})
	}
}
