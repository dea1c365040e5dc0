package platform_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/platform"
)

func TestClusterNameFollowsTheDocumentedRules(t *testing.T) {
	for raw, want := range map[string]string{
		"c1":                              "c1",
		"gke_project_zone_name":           "gke-project-zone-name",
		"a.b:c":                           "a-b-c",
		strings.Repeat("x", 70):           strings.Repeat("x", 63),
		strings.Repeat("x", 62) + "_tail": strings.Repeat("x", 62),
	} {
		got, err := platform.ClusterName(raw)
		if err != nil || got != want {
			t.Errorf("ClusterName(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{"", "Upper", "a/b", "-", "_a", "naïve"} {
		if got, err := platform.ClusterName(raw); err == nil {
			t.Errorf("ClusterName(%q) = %q; want an error", raw, got)
		} else if !strings.Contains(err.Error(), "--cluster-name") {
			t.Errorf("the error does not tell the way out: %v", err)
		}
	}
}

func FuzzClusterNameIsAlwaysValid(f *testing.F) {
	f.Add("gke_a.b:c")
	f.Fuzz(func(t *testing.T, raw string) {
		name, err := platform.ClusterName(raw)
		if err != nil {
			return
		}
		if again, err := platform.ClusterName(name); err != nil || again != name {
			t.Errorf("ClusterName(%q) = %q, which converts to %q, %v", raw, name, again, err)
		}
	})
}

func TestDiscoveredClusterName(t *testing.T) {
	for raw, want := range map[string]string{
		"arn:aws:eks:eu-west-1:123456789012:cluster/prod": "prod",
		"kind-mesh": "kind-mesh",
	} {
		if got := platform.DiscoveredClusterName(raw); got != want {
			t.Errorf("DiscoveredClusterName(%q) = %q; want %q", raw, got, want)
		}
	}
}

func TestPreflight(t *testing.T) {
	plan := platform.Plan{
		Release:      istio.Release{Version: "1.31.1", MinKubernetes: 32, MaxKubernetes: 36},
		Revision:     istio.Revision{Name: "cp-v131x", Namespace: "istio-system"},
		ControlPlane: "smm",
		ClusterName:  "c1",
	}
	fresh := platform.Facts{KubernetesVersion: "v1.36.3", KubernetesMinor: 36}
	with := func(change func(*platform.Facts)) platform.Facts {
		facts := fresh
		change(&facts)
		return facts
	}
	for name, test := range map[string]struct {
		facts  platform.Facts
		reason string
	}{
		"a fresh cluster": {facts: fresh},
		"the same mesh again": {facts: with(func(f *platform.Facts) {
			f.ControlPlanes, f.Revisions = []string{"smm"}, []istio.Revision{plan.Revision}
		})},
		"an old Kubernetes":        {with(func(f *platform.Facts) { f.KubernetesMinor = 31 }), "KubernetesUnsupported"},
		"a Kubernetes yet to come": {with(func(f *platform.Facts) { f.KubernetesMinor = 37 }), "KubernetesUnsupported"},
		"dual stack":               {with(func(f *platform.Facts) { f.DualStack = true }), "DualStack"},
		"another ControlPlane":     {with(func(f *platform.Facts) { f.ControlPlanes = []string{"other"} }), "MeshExists"},
		"somebody else's Istio":    {with(func(f *platform.Facts) { f.ForeignIstiods = []string{"istio-system/istiod"} }), "MeshExists"},
		"a control plane of another name": {with(func(f *platform.Facts) {
			f.Revisions = []istio.Revision{{Name: "mesh", Namespace: "other"}}
		}), "MeshExists"},
		"a second control plane beside ours, as in a canary upgrade": {facts: with(func(f *platform.Facts) {
			f.Revisions = []istio.Revision{{Name: "cp-v130x", Namespace: "istio-system"}, plan.Revision}
		})},
		"an upgrade of ours to the next Istio version": {facts: with(func(f *platform.Facts) {
			f.ControlPlanes, f.Revisions = []string{"smm"}, []istio.Revision{{Name: "cp-v130x", Namespace: "istio-system"}}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			err := platform.Preflight(test.facts, plan)
			var reason string
			var refusal *platform.Refusal
			if errors.As(err, &refusal) {
				reason = refusal.Reason
				if strings.ContainsAny(refusal.Message, "\n") {
					t.Errorf("the message is not one line: %s", refusal.Message)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.reason, reason); diff != "" {
				t.Error(diff)
			}
		})
	}
}
