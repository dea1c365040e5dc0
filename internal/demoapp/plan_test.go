package demoapp

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/allspark/load"
	"github.com/meshmanager/smm/internal/istio"
)

func demoOf(t *testing.T, spec string) *smmv1alpha1.DemoApplication {
	t.Helper()
	demo := &smmv1alpha1.DemoApplication{ObjectMeta: metav1.ObjectMeta{
		Namespace: DefaultNamespace, Name: "demo", UID: "1", CreationTimestamp: metav1.Unix(1000, 0),
	}}
	if err := yaml.UnmarshalStrict([]byte(spec), &demo.Spec); err != nil {
		t.Fatal(err)
	}
	return demo
}

func planeNamed(name string, state servicemeshv1alpha1.ConfigState) servicemeshv1alpha1.IstioControlPlane {
	plane := servicemeshv1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: name}}
	plane.Status.Status = state
	return plane
}

func labelled(labels map[string]string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: DefaultNamespace, Labels: labels}}
}

// around is a cluster with two control planes and a namespace that selects the first.
func around() surroundings {
	return surroundings{
		namespace: labelled(map[string]string{istio.RevisionLabel: "cp-v130x.istio-system"}),
		planes: []servicemeshv1alpha1.IstioControlPlane{
			planeNamed("cp-v130x", servicemeshv1alpha1.ConfigStateAvailable), planeNamed("cp-v131x", servicemeshv1alpha1.ConfigStateAvailable),
		},
		istiosResources: true,
	}
}

// passive makes the first control plane one of a cluster without an istiod, which has brought what the namespaces need.
func passive(followed ...string) func(*surroundings) {
	return func(s *surroundings) {
		s.planes[0].Spec.Mode, s.planes[0].Status.InjectionNamespaces = servicemeshv1alpha1.ModePassive, followed
	}
}

// What decides whose proxies the pods get, and what is waited for or refused.
func TestTheControlPlaneIsDecided(t *testing.T) {
	gone := labelled(nil)
	gone.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	other := func(created int64, enabled bool) []smmv1alpha1.DemoApplication {
		return []smmv1alpha1.DemoApplication{{
			ObjectMeta: metav1.ObjectMeta{Namespace: DefaultNamespace, Name: "other", UID: types.UID("2"), CreationTimestamp: metav1.Unix(created, 0)},
			Spec:       smmv1alpha1.DemoApplicationSpec{Enabled: &enabled},
		}}
	}
	platform := &smmv1alpha1.ControlPlane{Spec: smmv1alpha1.ControlPlaneSpec{MeshManager: &smmv1alpha1.MeshManager{
		Istio: &smmv1alpha1.MeshManagerIstio{IstioCRRef: &metav1alpha1.NamespacedName{Name: "cp-v131x"}},
	}}}
	tests := map[string]struct {
		spec   string
		change func(*surroundings)
		plane  string
		podRev string // label of the pods
		held   string // state, reason and part of the message
	}{
		"the namespace's label":                {"{}", func(*surroundings) {}, "cp-v130x", "", ""},
		"the label wins over the resource":     {"{istio: {revision: cp-v131x.istio-system}}", func(*surroundings) {}, "cp-v130x", "", ""},
		"the resource, without a label":        {"{istio: {revision: cp-v131x.istio-system}}", func(s *surroundings) { s.namespace = labelled(nil) }, "cp-v131x", "cp-v131x.istio-system", ""},
		"the ControlPlane, without either":     {"{controlPlaneRef: {name: smm}}", func(s *surroundings) { s.namespace, s.platform = labelled(nil), platform }, "cp-v131x", "cp-v131x.istio-system", ""},
		"the only one, without anything":       {"{}", func(s *surroundings) { s.namespace, s.planes = labelled(nil), s.planes[:1] }, "cp-v130x", "cp-v130x.istio-system", ""},
		"two, without anything":                {"{}", func(s *surroundings) { s.namespace = labelled(nil) }, "", "", "Failed ControlPlaneAmbiguous spec.istio.revision"},
		"none":                                 {"{}", func(s *surroundings) { s.planes = nil }, "", "", "Failed ControlPlaneMissing smm install -a"},
		"one that does not exist":              {"{istio: {revision: cp-v115x.istio-system}}", func(s *surroundings) { s.namespace = labelled(nil) }, "", "", "Failed ControlPlaneMissing cp-v130x.istio-system, cp-v131x.istio-system"},
		"one that cannot inject yet":           {"{}", func(s *surroundings) { s.planes[0].Status.Status = "" }, "", "", "Reconciling ControlPlaneNotAvailable cp-v130x"},
		"one that follows another's injection": {"{}", passive(), "", "", "Reconciling InjectionMissing install the application there first"},
		"one that has followed it":             {"{}", passive(DefaultNamespace), "cp-v130x", "", ""},
		"injection switched off":               {"{}", func(s *surroundings) { s.namespace = labelled(map[string]string{istio.InjectionLabel: "disabled"}) }, "", "", "Failed InjectionPrevented auto-inject on smm-demo"},
		"a namespace that goes":                {"{}", func(s *surroundings) { s.namespace = gone }, "", "", "Reconciling NamespaceTerminating smm-demo"},
		"no resources of Istio":                {"{}", func(s *surroundings) { s.istiosResources = false }, "", "", "Reconciling IstioMissing Istio's resources"},
		"no need of resources of Istio":        {"{deployIstioResources: false}", func(s *surroundings) { s.istiosResources = false }, "cp-v130x", "", ""},
		"an older application":                 {"{}", func(s *surroundings) { s.others = other(999, true) }, "", "", "Failed NamespaceTaken other"},
		"a younger application":                {"{}", func(s *surroundings) { s.others = other(1001, true) }, "cp-v130x", "", ""},
		"an older one that is switched off":    {"{}", func(s *surroundings) { s.others = other(999, false) }, "cp-v130x", "", ""},
		"an application of equal age, by name": {"{}", func(s *surroundings) { s.others = other(1000, true) }, "cp-v130x", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := around()
			test.change(&s)
			planned, found := planFor(demoOf(t, test.spec), s)
			if found != nil {
				parts := strings.SplitN(test.held+"  ", " ", 3)
				if string(found.state) != parts[0] || found.reason != parts[1] || !strings.Contains(found.message, strings.TrimSpace(parts[2])) {
					t.Errorf("held: %+v, want %q", found, test.held)
				}
				return
			}
			if test.held != "" || planned.plane.Name != test.plane || planned.options.Revision != test.podRev {
				t.Errorf("control plane %v, pods' label %q; want %q, %q and held %q", planned.plane, planned.options.Revision, test.plane, test.podRev, test.held)
			}
		})
	}
}

// An application that runs stays as it is asked for while istiod restarts.
func TestARunningApplicationDoesNotWaitForIstiod(t *testing.T) {
	s, demo := around(), demoOf(t, "{}")
	s.planes[0].Status.Status = servicemeshv1alpha1.ConfigStateReconciling
	demo.Status.Inventory = []metav1alpha1.InventoryEntry{{Kind: "Service", Name: "movies"}}
	if _, found := planFor(demo, s); found != nil {
		t.Errorf("held: %+v", found)
	}
}

func TestNodesDecideOnProxylessUnlessTheResourceDoes(t *testing.T) {
	for spec, want := range map[string]bool{"{}": true, "{proxyless: false}": false} {
		s := around()
		s.proxyless = true
		planned, _ := planFor(demoOf(t, spec), s)
		if planned.options.Proxyless != want {
			t.Errorf("%s: proxyless %t", spec, planned.options.Proxyless)
		}
	}
}

func TestOptionsFollowTheSpecification(t *testing.T) {
	got := optionsOf(demoOf(t, `
enabledComponents: [movies, mysql]
replicas: 3
autoscaling: {enabled: true}
deployIstioResources: false
image: example.org/allspark:2
resources: {limits: {cpu: "1"}}
load: {enabled: false, minRPS: 1, maxRPS: 2, swingPeriod: 1380000000000}`))
	if len(got.Resources.Limits) != 1 || len(got.Resources.Requests) != 0 {
		t.Errorf("resources %+v", got.Resources)
	}
	got.Resources = corev1.ResourceRequirements{}
	want := Options{
		Namespace: DefaultNamespace, Image: "example.org/allspark:2", Components: []Component{Movies, MySQL}, Replicas: 3, Autoscaling: true,
		Load: load.Settings{MinRPS: 1, MaxRPS: 2, SwingPeriod: 23 * time.Minute},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// One bound alone is enough: the other makes room for it.
func TestOneBoundOfTheLoad(t *testing.T) {
	for spec, want := range map[string][2]float64{
		"{}":                   {10, 30},
		"{load: {minRPS: 50}}": {50, 50},
		"{load: {minRPS: 20}}": {20, 30},
		"{load: {maxRPS: 5}}":  {5, 5},
		"{load: {maxRPS: 0}}":  {0, 0},
	} {
		got := loadOf(demoOf(t, spec).Spec.Load)
		if got.MinRPS != want[0] || got.MaxRPS != want[1] || got.Validate() != nil {
			t.Errorf("%s: %+v, want %v", spec, got, want)
		}
	}
}
