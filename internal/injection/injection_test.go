package injection_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/injection"
	"github.com/meshmanager/smm/internal/istio"
)

func planes() []istio.Revision {
	return []istio.Revision{{Name: "cp-v131x", Namespace: "istio-system"}, {Name: "cp-v130x", Namespace: "istio-system"}}
}

func TestDescribe(t *testing.T) {
	tests := map[string]struct {
		labels map[string]string
		want   injection.Setting
	}{
		"no label": {
			want: injection.Setting{},
		},
		"documented label": {
			labels: map[string]string{"istio.io/rev": "cp-v131x.istio-system"},
			want:   injection.Setting{Enabled: true, ControlPlane: "cp-v131x.istio-system"},
		},
		"Istio's own revision": {
			labels: map[string]string{"istio.io/rev": "cp-v130x"},
			want:   injection.Setting{Enabled: true, ControlPlane: "cp-v130x.istio-system"},
		},
		"label of a control plane that is gone": {
			labels: map[string]string{"istio.io/rev": "cp-v115x.istio-system"},
			want: injection.Setting{
				ControlPlane: "cp-v115x.istio-system",
				Note:         "no IstioControlPlane cp-v115x.istio-system exists in this cluster",
			},
		},
		"old label only": {
			labels: map[string]string{"istio-injection": "enabled"},
			want:   injection.Setting{Note: "the label istio-injection=enabled hides the namespace from the mesh's control planes"},
		},
		"both labels": {
			labels: map[string]string{"istio-injection": "disabled", "istio.io/rev": "cp-v131x.istio-system"},
			want: injection.Setting{
				ControlPlane: "cp-v131x.istio-system",
				Note:         "the label istio-injection=disabled hides the namespace from the mesh's control planes",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.want.Namespace = "shop"
			if diff := cmp.Diff(test.want, injection.Describe("shop", test.labels, planes())); diff != "" {
				t.Errorf("setting (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	tests := map[string]struct {
		planes []istio.Revision
		name   string
		want   string
		err    string
	}{
		"the only one":       {planes: planes()[:1], want: "cp-v131x.istio-system"},
		"by name":            {planes: planes(), name: "cp-v130x", want: "cp-v130x.istio-system"},
		"by label":           {planes: planes(), name: "cp-v131x.istio-system", want: "cp-v131x.istio-system"},
		"none installed":     {err: "smm install -a"},
		"none with the name": {planes: planes(), name: "cp-v115x", err: "it has cp-v130x.istio-system, cp-v131x.istio-system"},
		"ambiguous":          {planes: planes(), err: "--controlplane (cp-v130x.istio-system, cp-v131x.istio-system)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plane, err := injection.Choose(test.planes, test.name)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil || plane.Label() != test.want {
				t.Errorf("control plane %q, error %v; want %q", plane.Label(), err, test.want)
			}
		})
	}
}
