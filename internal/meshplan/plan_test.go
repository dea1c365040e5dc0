package meshplan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/meshplan"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"mesh": "", "my-mesh-2": "", strings.Repeat("m", 64): "",
		"":                      "4 to 64",
		"abc":                   "4 to 64",
		strings.Repeat("m", 65): "4 to 64",
		"2mesh":                 "starts with a lowercase letter",
		"Mesh":                  "starts with a lowercase letter",
		"my_mesh":               "lowercase letters, digits and hyphens only",
		"mésh":                  "lowercase letters, digits and hyphens only",
		"mesh-":                 "does not end with a hyphen",
	} {
		if got := meshplan.NameProblem(name); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func node(name, zone, cpu, memory string) meshplan.Node {
	return meshplan.Node{Name: name, Zone: zone, Usable: true, CPU: resource.MustParse(cpu), Memory: resource.MustParse(memory)}
}

// A plan is refused for what cannot be, with what to do; what it takes is counted at the largest number of instances.
func TestProblems(t *testing.T) {
	cluster := meshplan.Cluster{
		Namespaces: []string{"shop"},
		Nodes:      []meshplan.Node{node("a", "z1", "1", "2Gi"), node("b", "z1", "1", "2Gi"), node("c", "z2", "500m", "8Gi"), node("d", "", "8", "64Gi")},
	}
	cluster.Nodes[3].Usable = false
	for name, test := range map[string]struct {
		plan func(*meshplan.Plan)
		on   func(*meshplan.Cluster)
		want []string
	}{
		"usual":                       {},
		"all the room there is":       {plan: func(p *meshplan.Plan) { p.Most = 5 }},
		"more than there is room":     {plan: func(p *meshplan.Plan) { p.Most = 6 }, want: []string{"takes up to 3 CPU and 6Gi of memory, and the free resources of the nodes have room for 5 of its 6"}},
		"too large for any node":      {plan: func(p *meshplan.Plan) { p.CPU = resource.MustParse("1500m") }, want: []string{"room for 0 of its 2"}},
		"memory that is taken":        {on: func(c *meshplan.Cluster) { c.Nodes[0].Memory = resource.MustParse("-1Gi") }, plan: func(p *meshplan.Plan) { p.Most = 4 }, want: []string{"room for 3 of its 4"}},
		"a mesh of the name":          {on: func(c *meshplan.Cluster) { c.Meshes = []string{"mesh"} }, want: []string{"has a mesh mesh already"}},
		"another mesh":                {on: func(c *meshplan.Cluster) { c.ControlPlanes = []string{"istio-system/cp"} }, want: []string{"istio-system/cp already"}},
		"no such namespace":           {plan: func(p *meshplan.Plan) { p.Namespaces = []string{"shop", "bank"} }, want: []string{"no namespace bank"}},
		"nothing to restart":          {plan: func(p *meshplan.Plan) { p.Restart = true }, want: []string{"nothing to restart"}},
		"bounds upside down":          {plan: func(p *meshplan.Plan) { p.Least = 3 }, want: []string{"fewer than the least"}},
		"no such node":                {plan: func(p *meshplan.Plan) { p.Nodes = []string{"a", "x"} }, want: []string{"no node x"}},
		"a node that takes no pods":   {plan: func(p *meshplan.Plan) { p.Nodes = []string{"d"} }, want: []string{"d is not ready"}},
		"nodes apart":                 {plan: func(p *meshplan.Plan) { p.Mandatory, p.Nodes = true, []string{"a", "b"} }},
		"too few nodes apart":         {plan: func(p *meshplan.Plan) { p.Mandatory, p.Nodes = true, []string{"a"} }, want: []string{"cannot each have a node of their own among 1"}},
		"high availability":           {plan: func(p *meshplan.Plan) { p.HighlyAvailable, p.Least, p.Nodes = true, 2, []string{"a", "c"} }},
		"high availability, one zone": {plan: func(p *meshplan.Plan) { p.HighlyAvailable, p.Least, p.Nodes = true, 2, []string{"a", "b"} }, want: []string{"two or more zones, and these are in 1"}},
		"high availability, alone":    {plan: func(p *meshplan.Plan) { p.HighlyAvailable = true }, want: []string{"raise the least"}},
		"several at once":             {plan: func(p *meshplan.Plan) { p.Name, p.Nodes = "m", []string{"x"} }, want: []string{"4 to 64", "no node x"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan, on := meshplan.Usual(), cluster
			plan.Name, plan.Version = "mesh", "1.31.1"
			on.Nodes = append([]meshplan.Node{}, cluster.Nodes...)
			if test.plan != nil {
				test.plan(&plan)
			}
			if test.on != nil {
				test.on(&on)
			}
			got := meshplan.Problems(plan, on)
			if len(got) != len(test.want) {
				t.Fatalf("problems %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("problem %q, want %q", got[i], want)
				}
			}
		})
	}
}

// A mesh is as well as its worst control plane, and has the clusters that others tell of.
func TestMeshes(t *testing.T) {
	var given struct {
		Meshes []v1alpha1.IstioMesh
		Planes []v1alpha1.IstioControlPlane
		Peers  []v1alpha1.PeerIstioControlPlane
	}
	err := yaml.UnmarshalStrict([]byte(`
meshes:
- metadata: {name: shop}
- metadata: {name: begun}
planes:
- metadata: {name: cp-v130x, namespace: istio-system}
  spec: {meshID: shop, version: 1.30.0, clusterID: eu}
  status: {status: Available, injectionNamespaces: [b, a]}
- metadata: {name: cp-v131x, namespace: istio-system, generation: 2}
  spec: {meshID: shop, version: 1.31.1, clusterID: eu}
  status: {status: Available, observedGeneration: 1, injectionNamespaces: [a]}
- metadata: {name: alone, namespace: istio-system}
  status: {status: ReconcileFailed, errorMessage: why}
peers:
- spec: {meshID: shop, clusterID: us}
- spec: {meshID: other, clusterID: asia}
`), &given)
	if err != nil {
		t.Fatal(err)
	}
	want := []meshplan.Mesh{
		{Name: "alone", Status: meshplan.Failed, ControlPlanes: []string{"alone.istio-system"}, Message: "why"},
		{Name: "begun", Status: meshplan.Installing, Message: "it has no control plane yet"},
		{
			Name: "shop", Status: meshplan.Installing, Version: "1.31.1", Clusters: []string{"eu", "us"}, Namespaces: []string{"a", "b"},
			ControlPlanes: []string{"cp-v130x.istio-system", "cp-v131x.istio-system"},
		},
	}
	if diff := cmp.Diff(want, meshplan.Meshes(given.Meshes, given.Planes, given.Peers)); diff != "" {
		t.Error(diff)
	}
}
