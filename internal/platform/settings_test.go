package platform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

const documentedControlPlanes = "../../api/testdata/manifests/*-controlplane-*.yaml"

func controlPlane(t testing.TB, spec string) *smmv1alpha1.ControlPlane {
	t.Helper()
	cp := &smmv1alpha1.ControlPlane{}
	cp.Name = ControlPlaneName
	if err := yaml.UnmarshalStrict([]byte(spec), &cp.Spec); err != nil {
		t.Fatal(err)
	}
	return cp
}

// What a ControlPlane says of all its pods, of Istio's images and of availability reaches the
// IstioControlPlane; istioCROverrides come last.
func TestIstioControlPlaneHasTheSettings(t *testing.T) {
	for name, test := range map[string]struct {
		spec, want string
	}{
		"nothing said": {"clusterName: c1", `
clusterID: c1
meshConfig: {defaultConfig: {holdApplicationUntilProxyStarts: true}}
meshID: mesh1
mode: ACTIVE
networkName: network1
version: 1.31.1
`},
		"placement": {`
nodeSelector: {disk: ssd}
tolerations: [{key: mesh, operator: Exists}]
affinity: {nodeAffinity: {}}
meshManager: {istio: {istioCROverrides: "spec: {meshExpansion: {enabled: true}}"}}
`, `
istiod: {deployment: {nodeSelector: {disk: ssd}, tolerations: [{key: mesh, operator: Exists}], affinity: {nodeAffinity: {}}}}
meshExpansion:
  enabled: true
  gateway: {deployment: {nodeSelector: {disk: ssd}, tolerations: [{key: mesh, operator: Exists}], affinity: {nodeAffinity: {}}}}
`},
		"high availability": {`
smm: {highAvailability: {enabled: true}}
meshManager: {istio: {istioCROverrides: "spec: {meshExpansion: {enabled: true}}"}}
`, `
istiod: {deployment: {replicas: {min: 2, max: 5}, podDisruptionBudget: {minAvailable: 1}}}
meshExpansion: {enabled: true, gateway: {deployment: {replicas: {count: 2}, podDisruptionBudget: {minAvailable: 1}}}}
`},
		"images and resources": {`
repositoryOverride: {host: "registry.example.org:5000", prefix: mirror/istio}
registryAccess: {enabled: true, pullSecrets: [{name: a, namespace: b}, {name: a, namespace: c}]}
meshManager:
  istio:
    pilot: {image: {tag: "1.2.3", pullPolicy: Always}, resources: {requests: {cpu: 500m, memory: 1500M}}}
    proxy: {image: {repository: example.org/proxy}, resources: {limits: {cpu: 100m}}}
`, `
containerImageConfiguration: {hub: "registry.example.org:5000/mirror/istio", imagePullSecrets: [{name: a}]}
istiod:
  deployment:
    image: "registry.example.org:5000/mirror/istio/pilot:1.2.3"
    imagePullPolicy: Always
    resources: {requests: {cpu: 500m, memory: 1500M}}
proxy: {image: "example.org/proxy:1.31.1", resources: {limits: {cpu: 100m}}}
`},
		"OpenShift": {"platform: openshift", `
proxyInit:
  cni:
    enabled: true
    chained: false
    binDir: /var/lib/cni/bin
    confDir: /etc/cni/multus/net.d
    confFileName: istio-cni.conf
    daemonset: {securityContext: {privileged: true}}
`},
		"overrides last": {`
nodeSelector: {disk: ssd}
meshManager: {istio: {istioCROverrides: "spec: {istiod: {deployment: {nodeSelector: {disk: hdd}}}}"}}
`, "istiod: {deployment: {nodeSelector: {disk: hdd}}}"},
		"valuesOverride": {`
meshManager:
  istio: {pilot: {resources: {requests: {cpu: 1}}}}
  valuesOverride: {istio: {pilot: {resources: {requests: {cpu: 2}}}}}
`, `istiod: {deployment: {resources: {requests: {cpu: "2"}}}}`},
		"passive": {"role: passive", "mode: PASSIVE"},
	} {
		t.Run(name, func(t *testing.T) {
			object, err := IstioControlPlane(controlPlane(t, test.spec), istio.Builtin())
			if err != nil {
				t.Fatal(err)
			}
			got := object.Object["spec"].(map[string]any)
			var want map[string]any
			if err := yaml.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			for field := range got {
				if _, told := want[field]; !told && name != "nothing said" && field != "istiod" {
					delete(got, field)
				}
			}
			asJSON := cmp.Transformer("json", func(value map[string]any) map[string]any {
				same, err := toMap(value)
				if err != nil {
					t.Fatal(err)
				}
				return same
			})
			if diff := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return len(p) == 1 }, asJSON)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A cluster's name and role in the mesh follow from the ControlPlane, whatever is laid over them.
func TestManagedSettingsOfIstio(t *testing.T) {
	for name, test := range map[string]struct{ spec, err string }{
		"another cluster": {`{clusterName: c1, meshManager: {istio: {istioCROverrides: "spec: {clusterID: c2}"}}}`,
			"spec.meshManager.istio.istioCROverrides: spec.clusterID is managed by the product and cannot be overridden: it follows spec.clusterName and is c1"},
		"another role": {`{role: passive, meshManager: {istio: {istioCROverrides: "spec: {mode: ACTIVE}"}}}`, "spec.mode is managed by the product"},
		"the same":     {spec: `{clusterName: c1, role: passive, meshManager: {istio: {istioCROverrides: "spec: {mode: PASSIVE, clusterID: c1}"}}}`},
		"which control plane": {`{meshManager: {valuesOverride: {istio: {istioCRRef: {name: x}}}}}`,
			"spec.meshManager.valuesOverride: istio.istioCRRef is managed by the product and cannot be overridden"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := IstioControlPlane(controlPlane(t, test.spec), istio.Builtin())
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v; want %q", err, test.err)
			}
		})
	}
}

// Nothing is ignored silently: what has no effect is named.
func TestUnsupported(t *testing.T) {
	for name, test := range map[string]struct {
		spec string
		want []string
	}{
		"empty sections": {spec: "{log: {}, oneEye: {}, meshManager: {namespace: smm-system, istio: {operators: {namespace: smm-system}}}}"},
		"switched off":   {spec: "{nodeExporter: {enabled: false, psp: {enabled: true}}, smm: {role: passive}}"},
		"all": {`
log: {level: debug}
meshManager:
  image: {tag: v1}
  resources: {limits: {cpu: 1}}
  log: {format: text}
  namespace: elsewhere
  istio: {operators: {namespace: elsewhere}, istioCROverrides: "{}", istioCRDOverrides: "{}", proxy: {image: {pullPolicy: Always}}}
nodeExporter: {enabled: true, psp: {enabled: true}, log: {level: info}}
registryAccess: {enabled: true, image: {tag: v1}, imagePullSecretsController: {resources: {limits: {cpu: 1}}}}
smm: {enabled: true, resources: {limits: {cpu: 1}}, role: passive, certManager: {enabled: true}, impersonation: {enabled: true}}
`, []string{
			"spec.log", "spec.meshManager.image", "spec.meshManager.istio.istioCRDOverrides", "spec.meshManager.istio.operators.namespace",
			"spec.meshManager.istio.proxy.image.pullPolicy", "spec.meshManager.log", "spec.meshManager.namespace", "spec.meshManager.resources",
			"spec.nodeExporter.log", "spec.nodeExporter.psp", "spec.registryAccess.image",
			"spec.registryAccess.imagePullSecretsController.resources", "spec.smm.certManager", "spec.smm.impersonation", "spec.smm.resources", "spec.smm.role",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Unsupported(&controlPlane(t, test.spec).Spec)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Everything that the documents' ControlPlanes switch on is a component of ours, present or reported.
func TestDocumentedComponents(t *testing.T) {
	paths, err := filepath.Glob(documentedControlPlanes)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no documented ControlPlanes: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cp, err := ReadControlPlane(text)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if _, err := Components(cp, istio.Builtin()); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		enabled := map[string]bool{}
		for _, c := range components(nil, nil, istio.Builtin(), "") {
			enabled[c.name()] = c.enabled(cp)
		}
		for _, field := range switchedOn(t, cp) {
			if !enabled[field] && field != "impersonation" {
				t.Errorf("%s switches %s on, and no component of that name is enabled", path, field)
			}
		}
	}
}

// switchedOn lists the sections of a ControlPlane that say enabled: true.
func switchedOn(t *testing.T, cp *smmv1alpha1.ControlPlane) []string {
	t.Helper()
	spec, err := toMap(cp.Spec)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	smm, _ := spec["smm"].(map[string]any)
	for name, value := range spec {
		if section, ok := value.(map[string]any); ok && section["enabled"] == true {
			fields = append(fields, name)
		}
	}
	for name, value := range smm {
		if section, ok := value.(map[string]any); ok && section["enabled"] == true && name != "certManager" {
			fields = append(fields, name)
		}
	}
	return fields
}

// The settings of a file are laid over the defaults; what is said on the command line comes before
// the file, and what is found out after it.
func TestAdditionalSettings(t *testing.T) {
	const file = `
apiVersion: smm.cisco.com/v1alpha1
kind: ControlPlane
metadata: {name: ignored}
spec:
  clusterName: from.file
  platform: openshift
  nodeExporter: {enabled: true}
  meshManager:
    enabled: true
    istio:
      enabled: true
      istioCRRef: {name: cp-test, namespace: custom-istio-namespace}
`
	for name, test := range map[string]struct {
		settings Settings
		want     string // the specification, or what the error holds
		failed   bool
	}{
		"defaults": {settings: Settings{DiscoveredClusterName: "gke_c1"}, want: `
clusterName: gke-c1
role: active
meshManager: {enabled: true, istio: {enabled: true, istioCRRef: {name: cp-v131x, namespace: istio-system}}}
`},
		"a file": {settings: Settings{DiscoveredClusterName: "c1", Additional: []byte(file)}, want: `
clusterName: from-file
role: active
platform: openshift
nodeExporter: {enabled: true}
meshManager: {enabled: true, istio: {enabled: true, istioCRRef: {name: cp-test, namespace: custom-istio-namespace}}}
`},
		"flags before the file": {settings: Settings{ClusterName: "flag", IstioNamespace: "flag", Additional: []byte(file)}, want: `
clusterName: flag
role: active
platform: openshift
nodeExporter: {enabled: true}
meshManager: {enabled: true, istio: {enabled: true, istioCRRef: {name: cp-test, namespace: flag}}}
`},
		"without Istio, on OpenShift, anonymous": {settings: Settings{ClusterName: "c1", WithoutIstio: true, AnonymousAuth: true, Platform: "openshift"}, want: `
clusterName: c1
role: active
platform: openshift
meshManager: {enabled: false, istio: {enabled: false, istioCRRef: {name: cp-v131x, namespace: istio-system}}}
smm: {auth: {mode: anonymous}}
`},
		"an unknown field": {Settings{ClusterName: "c1", Additional: []byte("spec: {colour: red}")}, `unknown field "spec.colour"`, true},
		"another kind":     {Settings{ClusterName: "c1", Additional: []byte("kind: Gateway")}, "it is a Gateway", true},
		"nothing left":     {Settings{ClusterName: "c1", Additional: []byte("spec: {meshManager: null}")}, "take spec.meshManager away", true},
		"Istio's settings twice": {Settings{
			ClusterName: "c1", IstioControlPlane: []byte("spec: {meshID: a}"),
			Additional: []byte(`spec: {meshManager: {istio: {istioCROverrides: "spec: {meshID: b}"}}}`),
		}, "put them all in one of the two", true},
		"no usable name": {Settings{ClusterName: "Größe"}, "cannot be converted", true},
	} {
		t.Run(name, func(t *testing.T) {
			cp, err := test.settings.ControlPlane(t.Context(), istio.Builtin())
			if test.failed {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("error %v; want one with %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(controlPlane(t, test.want).Spec, cp.Spec); diff != "" {
				t.Error(diff)
			}
		})
	}
}
