package revision_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/revision"
)

var (
	before = istio.Revision{Name: "cp-v130x", Namespace: "istio-system"}
	after  = istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}
)

// cluster has two control planes.
func cluster(change func(*revision.Cluster)) revision.Cluster {
	c := revision.Cluster{Planes: []revision.Plane{
		{Revision: before, Version: "1.30", Status: "Available"}, {Revision: after, Version: "1.31.1", Status: "Available"},
	}}
	for _, plane := range []istio.Revision{before, after} {
		c.Webhooks = append(c.Webhooks, revision.Webhook{
			Name: "istio-revision-tag-" + plane.Label(), Tag: plane.Label(), Istiod: plane.Istiod(), Namespace: plane.Namespace, Ours: true,
		})
	}
	change(&c)
	return c
}

func injected(name, by string, phase corev1.PodPhase) revision.Pod {
	return revision.Pod{
		Namespace: "shop", Name: name, Phase: phase, Proxy: true, Workload: "Deployment " + name,
		Annotations: map[string]string{revision.StatusAnnotation: `{"containers":["istio-proxy"],"revision":"` + by + `"}`},
	}
}

func labelled(name string, labels ...string) revision.Namespace {
	n := revision.Namespace{Name: name, Labels: map[string]string{}}
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		n.Labels[key] = value
	}
	return n
}

// Everything that can use a control plane, and what looks like it and does not.
func TestUsageOf(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*revision.Cluster)
		want   revision.Usage
	}{
		"nobody": {func(c *revision.Cluster) {}, revision.Usage{}},
		"namespaces by each of its names": {func(c *revision.Cluster) {
			c.Namespaces = []revision.Namespace{
				labelled("documented", "istio.io/rev=cp-v130x.istio-system"), labelled("upstream", "istio.io/rev=cp-v130x"),
				labelled("other", "istio.io/rev=cp-v131x.istio-system"), labelled("none"), labelled("unknown", "istio.io/rev=nobody"),
				labelled("hidden", "istio.io/rev=cp-v130x", "istio-injection=disabled"),
			}
		}, revision.Usage{Namespaces: []string{"documented", "upstream"}}},
		"namespaces by a tag, and the tag": {func(c *revision.Cluster) {
			c.Webhooks = append(c.Webhooks, revision.Webhook{Name: "istio-revision-tag-prod", Tag: "prod", Istiod: "istiod-cp-v130x", Namespace: "istio-system"})
			c.Namespaces = []revision.Namespace{labelled("shop", "istio.io/rev=prod")}
		}, revision.Usage{Namespaces: []string{"shop"}, Tags: []string{"prod"}}},
		"namespaces by the older label": {func(c *revision.Cluster) {
			c.Webhooks = append(c.Webhooks, revision.Webhook{Tag: "default", Istiod: "istiod-cp-v130x", Namespace: "istio-system"})
			c.Namespaces = []revision.Namespace{labelled("shop", "istio-injection=enabled")}
		}, revision.Usage{Namespaces: []string{"shop"}, Tags: []string{"default"}}},
		"a tag of the same istiod in another namespace": {func(c *revision.Cluster) {
			c.Webhooks = append(c.Webhooks, revision.Webhook{Tag: "prod", Istiod: "istiod-cp-v130x", Namespace: "elsewhere"})
		}, revision.Usage{}},
		"the product's own namespace": {func(c *revision.Cluster) {
			own := labelled("smm-system", "istio.io/rev=cp-v130x.istio-system")
			own.Ours = true
			c.Namespaces = []revision.Namespace{own}
		}, revision.Usage{}},
		"pods, until they have ended": {func(c *revision.Cluster) {
			c.Pods = []revision.Pod{
				injected("b", "cp-v130x", corev1.PodRunning), injected("a", "cp-v130x", corev1.PodPending), injected("lost", "cp-v130x", corev1.PodUnknown),
				injected("done", "cp-v130x", corev1.PodSucceeded), injected("broken", "cp-v130x", corev1.PodFailed),
				injected("moved", "cp-v131x", corev1.PodRunning), {Namespace: "shop", Name: "plain", Phase: corev1.PodRunning},
			}
		}, revision.Usage{
			Pods:      []string{"shop/a", "shop/b", "shop/lost"},
			Workloads: []string{"shop/Deployment a", "shop/Deployment b", "shop/Deployment lost"},
		}},
		"gateways that istiod deploys": {func(c *revision.Cluster) {
			c.Pods = []revision.Pod{{Namespace: "shop", Name: "gateway", Annotations: map[string]string{"istio.io/rev": "cp-v130x"}}}
		}, revision.Usage{Pods: []string{"shop/gateway"}}},
		"a proxy that does not say whose it is": {func(c *revision.Cluster) {
			c.Pods = []revision.Pod{
				{Namespace: "shop", Name: "by-hand", Proxy: true, Phase: corev1.PodRunning},
				{Namespace: "shop", Name: "labelled", Proxy: true, Phase: corev1.PodRunning, Labels: map[string]string{"istio.io/rev": "cp-v131x"}},
			}
		}, revision.Usage{Pods: []string{"shop/by-hand"}, Unknown: []string{"shop/by-hand"}}},
		"gateways of users, not those of the product": {func(c *revision.Cluster) {
			c.Gateways = []revision.Gateway{
				{Namespace: "shop", Name: "ingress", Plane: before}, {Namespace: "shop", Name: "moved", Plane: after},
				{Namespace: "istio-system", Name: "istio-meshexpansion-cp-v130x", Plane: before, Ours: true},
			}
			own := injected("expansion", "cp-v130x", corev1.PodRunning)
			own.Namespace, own.Labels = "istio-system", map[string]string{"gateway-name": "istio-meshexpansion-cp-v130x"}
			c.Pods = []revision.Pod{own}
		}, revision.Usage{Gateways: []string{"shop/ingress"}}},
		"machines while they are connected": {func(c *revision.Cluster) {
			entry := func(name string, annotations map[string]string) revision.Entry {
				return revision.Entry{Namespace: "shop", Name: name, Annotations: annotations}
			}
			c.Entries = []revision.Entry{
				entry("connected", map[string]string{"istio.io/autoRegistrationGroup": "vm", "istio.io/workloadController": "istiod-cp-v130x-5d4f-x2"}),
				entry("moved", map[string]string{"istio.io/autoRegistrationGroup": "vm", "istio.io/workloadController": "istiod-cp-v131x-5d4f-x2"}),
				entry("gone", map[string]string{"istio.io/workloadController": "istiod-cp-v130x-5d4f-x2", "istio.io/disconnectedAt": "2026-01-01T00:00:00Z"}),
				entry("unclear", map[string]string{"istio.io/autoRegistrationGroup": "vm"}),
				entry("address", nil),
			}
		}, revision.Usage{Machines: []string{"shop/connected", "shop/unclear"}, Unknown: []string{"shop/unclear"}}},
	} {
		got := cluster(test.change).UsageOf(before)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if want := !cmp.Equal(test.want, revision.Usage{}); got.InUse() != want {
			t.Errorf("%s: in use %t; want %t", name, got.InUse(), want)
		}
	}
}

// A label matters for pods to come; a proxy needs its control plane now.
func TestServing(t *testing.T) {
	for name, test := range map[string]struct {
		usage revision.Usage
		want  bool
	}{
		"nobody":     {revision.Usage{}, false},
		"namespaces": {revision.Usage{Namespaces: []string{"shop"}, Tags: []string{"prod"}}, false},
		"pods":       {revision.Usage{Pods: []string{"shop/a"}}, true},
		"gateways":   {revision.Usage{Gateways: []string{"shop/a"}}, true},
		"machines":   {revision.Usage{Machines: []string{"shop/a"}}, true},
	} {
		if got := test.usage.Serving(); got != test.want {
			t.Errorf("%s: %t; want %t", name, got, test.want)
		}
	}
}

func TestUsageIsOneSentence(t *testing.T) {
	usage := revision.Usage{
		Namespaces: []string{"shop"}, Pods: []string{"a", "b", "c", "d", "e", "f"}, Gateways: []string{"shop/ingress"}, Unknown: []string{"f"},
	}
	want := "1 namespace (shop), 6 pods (a, b, c, d, e, …), 1 gateway (shop/ingress); of these, 1 do not say who serves them"
	if got := usage.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Control planes are listed by name with who uses them, then those that do not exist though proxies are theirs.
func TestSummaries(t *testing.T) {
	c := cluster(func(c *revision.Cluster) {
		c.Planes[0].Deleted = true
		c.Pods = []revision.Pod{injected("a", "cp-v131x", corev1.PodRunning), injected("b", "cp-v129x", corev1.PodRunning)}
	})
	want := []revision.Summary{
		{ControlPlane: "cp-v130x.istio-system", Version: "1.30", Status: "Deleting"},
		{
			ControlPlane: "cp-v131x.istio-system", Version: "1.31.1", Status: "Available", InUse: true,
			Usage: revision.Usage{Pods: []string{"shop/a"}, Workloads: []string{"shop/Deployment a"}},
		},
		{ControlPlane: "cp-v129x", Status: "Missing", InUse: true, Usage: revision.Usage{Pods: []string{"shop/b"}, Workloads: []string{"shop/Deployment b"}}},
	}
	if diff := cmp.Diff(want, c.Summaries()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if idle := want[0]; idle.WithConnected(0).InUse || !idle.WithConnected(1).InUse {
		t.Error("a control plane is in use exactly while proxies are connected that nothing else explains")
	}
	if got := c.Except("shop").UsageOf(after); got.InUse() {
		t.Errorf("without the namespace: %s", got)
	}
}

// Two control planes of one name cannot be told apart by what the injector notes: both are in use.
func TestSameNameInTwoNamespaces(t *testing.T) {
	twin := istio.Revision{Name: "cp-v130x", Namespace: "elsewhere"}
	c := cluster(func(c *revision.Cluster) {
		c.Planes = append(c.Planes, revision.Plane{Revision: twin})
		c.Pods = []revision.Pod{injected("a", "cp-v130x", corev1.PodRunning)}
	})
	for _, plane := range []istio.Revision{before, twin} {
		if !c.UsageOf(plane).InUse() {
			t.Errorf("%s counts as unused", plane.Label())
		}
	}
}
