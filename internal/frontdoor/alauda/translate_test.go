package alauda

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

var update = flag.Bool("update", false, "write what is translated as what is expected")

func documentedMesh(t *testing.T) *asmv1alpha1.ServiceMesh {
	t.Helper()
	text, err := os.ReadFile("testdata/documented.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mesh := &asmv1alpha1.ServiceMesh{}
	if err := yaml.UnmarshalStrict(text, mesh); err != nil {
		t.Fatal(err)
	}
	return mesh
}

// The documented mesh becomes one control plane and its gateways, and what has no effect is named.
func TestTranslateTheDocumentedMesh(t *testing.T) {
	mesh := documentedMesh(t)
	translation, err := Translate(mesh, Version(mesh))
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	add := func(object any) {
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("---\n")
		all.Write(text)
	}
	add(translation.ControlPlane)
	for _, gateway := range translation.Gateways {
		add(gateway)
	}
	add(map[string]any{"unsupported": translation.Unsupported})
	const golden = "testdata/translated.yaml"
	if *update {
		if err := os.WriteFile(golden, all.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Error(diff)
	}
}

// Networks: pods of a mesh's clusters reach each other directly unless the mesh says otherwise.
func TestNetwork(t *testing.T) {
	for name, test := range map[string]struct {
		several *asmv1alpha1.MultiCluster
		want    string
		gateway bool
	}{
		"one cluster":           {nil, "", false},
		"switched off":          {&asmv1alpha1.MultiCluster{IsMultiNetwork: new(true)}, "", false},
		"one network":           {&asmv1alpha1.MultiCluster{Enabled: new(true)}, "", false},
		"one network, named":    {&asmv1alpha1.MultiCluster{Enabled: new(true), IstioNetwork: "n"}, "n", false},
		"own network":           {&asmv1alpha1.MultiCluster{Enabled: new(true), IsMultiNetwork: new(true)}, "cluster1", true},
		"several networks, own": {&asmv1alpha1.MultiCluster{Enabled: new(true), IsMultiNetwork: new(true), IstioNetwork: "n"}, "n", true},
	} {
		t.Run(name, func(t *testing.T) {
			mesh := &asmv1alpha1.ServiceMesh{Spec: asmv1alpha1.ServiceMeshSpec{Cluster: "cluster1", MultiCluster: test.several}}
			translation, err := Translate(mesh, "1.31.1")
			if err != nil {
				t.Fatal(err)
			}
			if got := translation.ControlPlane.Spec.NetworkName; got != test.want {
				t.Errorf("network %q, want %q", got, test.want)
			}
			if got := translation.ControlPlane.Spec.MeshExpansion != nil; got != test.gateway {
				t.Errorf("east-west gateway: %t, want %t", got, test.gateway)
			}
		})
	}
}

// A cluster has one mesh: the first; and Prometheus cannot serve a mesh of two clusters.
func TestObstacles(t *testing.T) {
	meshOf := func(uid, cluster string, created int64, monitor string) asmv1alpha1.ServiceMesh {
		mesh := asmv1alpha1.ServiceMesh{}
		mesh.Name, mesh.Namespace, mesh.UID = uid, "cpaas-system", types.UID(uid)
		mesh.CreationTimestamp = metav1.Unix(created, 0)
		mesh.Labels = map[string]string{asmv1alpha1.MeshGroupLabel: "group"}
		mesh.Spec.Cluster, mesh.Spec.MonitorType = cluster, monitor
		return mesh
	}
	mesh := meshOf("m", "c1", 10, "prometheus")
	foreign := v1alpha1.IstioControlPlane{}
	foreign.Namespace, foreign.Name = "istio-system", "cp-v131x"
	own := *foreign.DeepCopy()
	own.Annotations = map[string]string{"smm.cisco.com/owned-by": "ServiceMesh/cpaas-system/m"}
	for name, test := range map[string]struct {
		around surroundings
		want   string
	}{
		"nothing in the way":           {surroundings{meshes: []asmv1alpha1.ServiceMesh{mesh}, controlPlanes: []v1alpha1.IstioControlPlane{own}}, ""},
		"this cluster":                 {surroundings{cluster: "c1"}, ""},
		"another cluster":              {surroundings{cluster: "c2"}, "OtherCluster"},
		"dual stack":                   {surroundings{dualStack: true}, "DualStack"},
		"an older mesh":                {surroundings{meshes: []asmv1alpha1.ServiceMesh{meshOf("o", "c1", 9, "")}}, "SecondMesh"},
		"a younger mesh":               {surroundings{meshes: []asmv1alpha1.ServiceMesh{meshOf("y", "c1", 11, "")}}, ""},
		"as old, other UID":            {surroundings{meshes: []asmv1alpha1.ServiceMesh{meshOf("a", "c1", 10, "")}}, "SecondMesh"},
		"a foreign control plane":      {surroundings{controlPlanes: []v1alpha1.IstioControlPlane{foreign}}, "SecondMesh"},
		"second cluster of Prometheus": {surroundings{meshes: []asmv1alpha1.ServiceMesh{meshOf("o", "c2", 9, "prometheus")}}, "MonitorOfOneCluster"},
	} {
		t.Run(name, func(t *testing.T) {
			found := obstacleTo(&mesh, test.around)
			if (found == nil) != (test.want == "") || found != nil && found.reason != test.want {
				t.Errorf("obstacle %+v, want %q", found, test.want)
			}
			if found != nil && strings.Contains(found.message, "\n") {
				t.Errorf("the message has several lines: %q", found.message)
			}
		})
	}
}

// Pods of a component are kept apart, and stay where an affinity puts them.
func TestApart(t *testing.T) {
	for _, mandatory := range []bool{false, true} {
		affinity := apart(nil, map[string]string{"app": "istiod"}, mandatory)
		anti := affinity.PodAntiAffinity
		if len(anti.RequiredDuringSchedulingIgnoredDuringExecution) != map[bool]int{true: 1}[mandatory] ||
			len(anti.PreferredDuringSchedulingIgnoredDuringExecution) != map[bool]int{false: 1}[mandatory] {
			t.Errorf("mandatory %t: %+v", mandatory, anti)
		}
	}
}
