package mspider

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/frontdoor"
)

var update = flag.Bool("update", false, "write what is translated as what is expected")

// documented is the mesh of the planning form with its clusters.
func documented(t *testing.T) (*discoveryv3alpha1.GlobalMesh, []discoveryv3alpha1.MeshCluster) {
	t.Helper()
	text, err := os.ReadFile("testdata/documented.yaml")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "\n---\n")
	mesh := read[discoveryv3alpha1.GlobalMesh](t, parts[0])
	var clusters []discoveryv3alpha1.MeshCluster
	for _, part := range parts[1:] {
		clusters = append(clusters, read[discoveryv3alpha1.MeshCluster](t, part))
	}
	return &mesh, clusters
}

func read[T any](t *testing.T, text string) T {
	t.Helper()
	var into T
	if err := yaml.UnmarshalStrict([]byte(text), &into); err != nil {
		t.Fatal(err)
	}
	return into
}

// The planned mesh becomes an active control plane with the documented Service in its owner, passive ones in the other
// clusters, and nothing elsewhere; what has no effect is named.
func TestTranslateThePlannedMesh(t *testing.T) {
	mesh, clusters := documented(t)
	members := Members(mesh, clusters)
	var all bytes.Buffer
	print := func(head string, object any) {
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("--- # " + head + "\n")
		all.Write(text)
	}
	for _, here := range []string{"mdemo-cluster1", "mdemo-cluster2", "kpanda-global-cluster"} {
		translation, err := Translate(mesh, members, here, "1.31.1")
		if err != nil {
			t.Fatal(err)
		}
		if translation.ControlPlane == nil {
			print(here, "nothing")
			continue
		}
		object, err := frontdoor.Encoded(translation.ControlPlane)
		if err != nil {
			t.Fatal(err)
		}
		print(here, object.Object)
		if translation.Hosted != nil {
			service, err := frontdoor.Encoded(translation.Hosted)
			if err != nil {
				t.Fatal(err)
			}
			print(here, service.Object)
		}
	}
	print("unsupported", unsupportedOf(&mesh.Spec, settingsOf(mesh.Spec.OwnerConfig.ControlPlaneParams)))
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

// Parameters without effect are named with why, and none of them keeps the others from theirs.
func TestSettings(t *testing.T) {
	s := settingsOf(map[string]string{
		paramVersion: "1.31.1-mspider", paramAvailable: "perhaps", paramAddress: "istiod.example.org", paramSampling: "101",
		prefixEnv + "PILOT_X":                     "y",
		prefixNetworks + "n.gateways[0].address":  "192.0.2.1",
		prefixNetworks + "n.gateways[1].port":     "15444",
		prefixNetworks + "n.gateways[2].address":  "192.0.2.2",
		prefixNetworks + "n.gateways[2].port":     "many",
		prefixNetworks + "n.endpoints[0].network": "x",
		custom + "global.proxy.logLevel":          "debug",
	})
	if s.version != "1.31.1" || s.available || s.remoteAddress != "" || s.sampling != nil || len(s.env) != 1 || s.env[0].Name != "PILOT_X" {
		t.Errorf("settings %+v", s)
	}
	want := map[string][]networkGateway{"n": {{"192.0.2.1", 15443}, {"192.0.2.2", 15443}}}
	if diff := cmp.Diff(want, s.networks); diff != "" {
		t.Errorf("networks:\n%s", diff)
	}
	unsupported := []string{
		"global.high_available (it is neither true nor false)",
		custom + "global.meshNetworks.n.endpoints[0].network (only gateways[n].address and gateways[n].port have an effect)",
		custom + "global.meshNetworks.n.gateways[2].port (it is no port)",
		custom + "global.proxy.logLevel (the product has no such parameter)",
		custom + "global.remotePilotAddress (only an IP address has an effect)",
		custom + "pilot.traceSampling (it is no percentage)",
		custom + "global.meshNetworks.n.gateways[1] (it has no address)",
	}
	if diff := cmp.Diff(unsupported, s.unsupported); diff != "" {
		t.Errorf("unsupported:\n%s", diff)
	}
}

// A mesh has its owner, whom it lists, and whose MeshCluster names it; one that is being deleted no longer.
func TestMembers(t *testing.T) {
	mesh := read[discoveryv3alpha1.GlobalMesh](t, `{metadata: {name: m, namespace: ns}, spec: {ownerCluster: owner, clusters: [listed]}}`)
	clusters := read[[]discoveryv3alpha1.MeshCluster](t, `
- metadata: {name: named, namespace: ns}
  spec: {meshedParams: [{params: {global.meshID: other}}, {params: {global.meshID: m, istio.custom_params.values.global.network: far}}]}
- metadata: {name: elsewhere, namespace: other}
  spec: {meshedParams: [{params: {global.meshID: m}}]}
- metadata: {name: leaving, namespace: ns, deletionTimestamp: "2026-01-01T00:00:00Z"}
  spec: {meshedParams: [{params: {global.meshID: m}}]}
- metadata: {name: free, namespace: ns}
`)
	want := []Member{{"listed", "network1"}, {"named", "far"}, {"owner", "network1"}}
	if diff := cmp.Diff(want, Members(&mesh, clusters)); diff != "" {
		t.Error(diff)
	}
}

// Only a hosted mesh has several clusters, and a cluster has one mesh.
func TestObstacles(t *testing.T) {
	foreign := read[v1alpha1.IstioControlPlane](t, `{metadata: {name: cp, namespace: istio-system}}`)
	own := read[v1alpha1.IstioControlPlane](t, `{metadata: {name: m, namespace: istio-system, annotations: {smm.cisco.com/owned-by: GlobalMesh/ns/m}}}`)
	for name, test := range map[string]struct {
		mode   discoveryv3alpha1.Mode
		others []string
		here   string
		planes []v1alpha1.IstioControlPlane
		want   string
	}{
		"hosted, several":               {discoveryv3alpha1.ModeHosted, []string{"b"}, "owner", []v1alpha1.IstioControlPlane{own}, ""},
		"dedicated, alone":              {discoveryv3alpha1.ModeDedicated, nil, "owner", nil, ""},
		"dedicated, several":            {discoveryv3alpha1.ModeDedicated, []string{"b"}, "owner", nil, "SeveralClusters"},
		"external, several":             {discoveryv3alpha1.ModeExternal, []string{"b"}, "owner", nil, "SeveralClusters"},
		"another mesh in the owner":     {discoveryv3alpha1.ModeHosted, nil, "owner", []v1alpha1.IstioControlPlane{foreign}, "SecondMesh"},
		"another mesh in a worker":      {discoveryv3alpha1.ModeHosted, []string{"b"}, "b", []v1alpha1.IstioControlPlane{foreign}, "SecondMesh"},
		"another mesh in no member":     {discoveryv3alpha1.ModeHosted, []string{"b"}, "c", []v1alpha1.IstioControlPlane{foreign}, ""},
		"another mesh, nameless":        {discoveryv3alpha1.ModeHosted, nil, "", []v1alpha1.IstioControlPlane{foreign}, "SecondMesh"},
		"an external mesh's own Istio":  {discoveryv3alpha1.ModeExternal, nil, "owner", []v1alpha1.IstioControlPlane{foreign}, ""},
		"a mesh elsewhere, not its own": {discoveryv3alpha1.ModeDedicated, nil, "c", []v1alpha1.IstioControlPlane{foreign}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			mesh := read[discoveryv3alpha1.GlobalMesh](t, `{metadata: {name: m, namespace: ns}, spec: {ownerCluster: owner}}`)
			mesh.Spec.Mode, mesh.Spec.Clusters = test.mode, test.others
			found := obstacleTo(&mesh, Members(&mesh, nil), surroundings{here: test.here, controlPlanes: test.planes})
			if (found == nil) != (test.want == "") || found != nil && found.reason != test.want {
				t.Errorf("obstacle %+v, want %q", found, test.want)
			}
		})
	}
}
