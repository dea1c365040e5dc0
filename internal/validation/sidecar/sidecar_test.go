package sidecar_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation/sidecar"
)

// settings are what the injector of a control plane works by.
type settings struct{ config, values, mesh string }

// installed are the settings of the control plane that we install.
func installed(t *testing.T) settings {
	t.Helper()
	release := istio.Builtin()[0]
	icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: istio.DefaultNamespace, Name: "cp"}}
	icp.Spec.Version = release.Version
	parts, err := controlplane.Render(icp, release, controlplane.Facts{Base: true})
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	for _, o := range parts.All() {
		if o.GetKind() != "ConfigMap" {
			continue
		}
		var configMap corev1.ConfigMap
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &configMap); err != nil {
			t.Fatal(err)
		}
		switch configMap.Name {
		case "istio-sidecar-injector-cp":
			s.config, s.values = configMap.Data["config"], configMap.Data["values"]
		case "istio-cp":
			s.mesh = configMap.Data["mesh"]
		}
	}
	if s.config == "" || s.values == "" || s.mesh == "" {
		t.Fatal("the control plane has no injector")
	}
	return s
}

func (s settings) meshConfig(t *testing.T) *meshconfig.MeshConfig {
	t.Helper()
	config, err := mesh.ApplyMeshConfigDefaults(s.mesh)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// inject has Istio's own code inject a pod.
func (s settings) inject(t *testing.T, manifest string) *corev1.Pod {
	t.Helper()
	config, err := inject.UnmarshalConfig([]byte(s.config))
	if err != nil {
		t.Fatal(err)
	}
	values, err := inject.NewValuesConfig(s.values)
	if err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(manifest), pod); err != nil {
		t.Fatal(err)
	}
	injected, err := inject.IntoObject(nil, config.Templates, values, "cp", s.meshConfig(t), pod, func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	return injected.(*corev1.Pod)
}

// differences are those of an injected pod from what the settings would inject now.
func (s settings) differences(t *testing.T, pod *corev1.Pod, layers [3]*meshconfig.ProxyConfig) []string {
	t.Helper()
	injector, err := sidecar.New("cp", s.config, s.values, s.meshConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	of := sidecar.Pod{Namespace: pod.Namespace, Labels: pod.Labels, Annotations: pod.Annotations, Spec: &pod.Spec, Layers: layers}
	now, err := injector.Render(of)
	if err != nil {
		t.Fatal(err)
	}
	return sidecar.Differences(now, of)
}

const plain = `
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080}], readinessProbe: {httpGet: {path: /, port: 8080}}}]}
`

func pods() map[string]string {
	return map[string]string{
		"plain": plain,
		"native": `
metadata: {name: web, namespace: shop, annotations: {sidecar.istio.io/nativeSidecar: "true"}}
spec: {containers: [{name: web, image: web}]}
`,
		"proxyless": `
metadata: {name: web, namespace: shop, annotations: {inject.istio.io/templates: "grpc-agent", proxy.istio.io/config: "holdApplicationUntilProxyStarts: true"}}
spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
`,
		"gateway": `
metadata: {name: gw, namespace: shop, labels: {istio: gw}, annotations: {inject.istio.io/templates: gateway}}
spec: {containers: [{name: istio-proxy, image: auto, env: [{name: ISTIO_META_ROUTER_MODE, value: standard}], ports: [{containerPort: 8443}]}]}
`,
		"own settings": `
metadata:
  name: web
  namespace: shop
  annotations:
    proxy.istio.io/config: '{"concurrency": 3, "proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"}}'
    sidecar.istio.io/proxyCPU: "1"
    sidecar.istio.io/proxyMemoryLimit: 1Gi
    sidecar.istio.io/logLevel: debug
    traffic.sidecar.istio.io/excludeOutboundPorts: "3306"
    prometheus.io/scrape: "true"
spec: {containers: [{name: web, image: web}]}
`,
		"own proxy": `
metadata: {name: web, namespace: shop}
spec:
  containers:
  - {name: web, image: web}
  - {name: istio-proxy, image: auto, args: [proxy, sidecar], env: [{name: TRUST_DOMAIN, value: mine}, {name: MORE, value: "1"}], resources: {limits: {cpu: "7"}}}
`,
		"without capture": `
metadata: {name: web, namespace: shop, annotations: {sidecar.istio.io/interceptionMode: NONE}}
spec: {containers: [{name: web, image: web}]}
`,
	}
}

// What Istio has injected just now is what would be injected now.
func TestFreshlyInjectedPodsAreUpToDate(t *testing.T) {
	s := installed(t)
	for name, manifest := range pods() {
		t.Run(name, func(t *testing.T) {
			if got := s.differences(t, s.inject(t, manifest), [3]*meshconfig.ProxyConfig{}); len(got) > 0 {
				t.Errorf("it differs in %q", got)
			}
		})
	}
}

// edited returns YAML or JSON text with a value changed.
func edited(t *testing.T, text string, value any, path ...string) string {
	t.Helper()
	var content map[string]any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		t.Fatal(err)
	}
	at := content
	for _, key := range path[:len(path)-1] {
		if at[key] == nil {
			at[key] = map[string]any{}
		}
		at = at[key].(map[string]any)
	}
	at[path[len(path)-1]] = value
	changed, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(changed)
}

// A change of what is injected is told by what of it the pod has not; a change of something else is none.
func TestChangesOfInjection(t *testing.T) {
	before := installed(t)
	two := &meshconfig.ProxyConfig{ProxyMetadata: map[string]string{"ISTIO_META_DNS_CAPTURE": "true"}}
	for _, test := range []struct {
		name   string
		pod    string
		change func(*settings)
		layers [3]*meshconfig.ProxyConfig
		after  func(*corev1.Pod) // what happens to the injected pod
		want   []string
	}{
		{"log level", "plain", func(s *settings) { s.values = edited(t, s.values, "debug", "global", "proxy", "logLevel") }, [3]*meshconfig.ProxyConfig{}, nil, []string{"istio-proxy args"}},
		{"log level of a proxyless pod", "proxyless", func(s *settings) { s.values = edited(t, s.values, "debug", "global", "proxy", "logLevel") }, [3]*meshconfig.ProxyConfig{}, nil, []string{"istio-proxy args"}},
		{"log level that the pod sets", "own settings", func(s *settings) { s.values = edited(t, s.values, "error", "global", "proxy", "logLevel") }, [3]*meshconfig.ProxyConfig{}, nil, nil},
		{"drain of the proxy", "plain", func(s *settings) { s.mesh = edited(t, s.mesh, "99s", "defaultConfig", "terminationDrainDuration") }, [3]*meshconfig.ProxyConfig{}, nil, []string{"istio-proxy PROXY_CONFIG"}},
		{"drain of a native proxy", "native", func(s *settings) { s.mesh = edited(t, s.mesh, "99s", "defaultConfig", "terminationDrainDuration") }, [3]*meshconfig.ProxyConfig{}, nil, []string{"istio-proxy PROXY_CONFIG"}},
		{"a default, now written", "plain", func(s *settings) { s.mesh = edited(t, s.mesh, "45s", "defaultConfig", "drainDuration") }, [3]*meshconfig.ProxyConfig{}, nil, nil},
		{"concurrency that the pod sets", "own settings", func(s *settings) { s.mesh = edited(t, s.mesh, 9, "defaultConfig", "concurrency") }, [3]*meshconfig.ProxyConfig{}, nil, nil},
		{"access log", "plain", func(s *settings) { s.mesh = edited(t, s.mesh, "/dev/null", "accessLogFile") }, [3]*meshconfig.ProxyConfig{}, nil, nil},
		{"memory", "plain", func(s *settings) {
			s.values = edited(t, s.values, "300Mi", "global", "proxy", "resources", "requests", "memory")
		}, [3]*meshconfig.ProxyConfig{}, nil,
			[]string{"istio-proxy resources.requests.memory", "istio-init resources.requests.memory"}},
		{"captured addresses", "plain", func(s *settings) { s.values = edited(t, s.values, "10.0.0.0/8", "global", "proxy", "includeIPRanges") }, [3]*meshconfig.ProxyConfig{}, nil, []string{"istio-init args"}},
		{"captured addresses, without capture", "without capture", func(s *settings) { s.values = edited(t, s.values, "10.0.0.0/8", "global", "proxy", "includeIPRanges") }, [3]*meshconfig.ProxyConfig{}, nil, nil},
		{"image", "plain", func(s *settings) { s.values = edited(t, s.values, "other", "global", "tag") }, [3]*meshconfig.ProxyConfig{}, nil, nil},
		{"a ProxyConfig", "plain", func(*settings) {}, [3]*meshconfig.ProxyConfig{two}, nil, []string{"istio-proxy PROXY_CONFIG", "istio-proxy ISTIO_META_DNS_CAPTURE", "istio-init ISTIO_META_DNS_CAPTURE"}},
		{"a ProxyConfig that says what the pod says", "own settings", func(*settings) {}, [3]*meshconfig.ProxyConfig{nil, two}, nil, nil},
		{"arguments of a proxy that the pod sets", "own proxy", func(s *settings) { s.values = edited(t, s.values, "debug", "global", "proxy", "logLevel") }, [3]*meshconfig.ProxyConfig{}, nil, nil},
		{"what another webhook added", "plain", func(*settings) {}, [3]*meshconfig.ProxyConfig{}, func(pod *corev1.Pod) {
			for i := range pod.Spec.Containers {
				pod.Spec.Containers[i].Env = append(pod.Spec.Containers[i].Env, corev1.EnvVar{Name: "AGENT_HOST", Value: "node"})
			}
		}, nil},
		{"what the autoscaler set", "plain", func(*settings) {}, [3]*meshconfig.ProxyConfig{}, func(pod *corev1.Pod) {
			pod.Annotations["vpaUpdates"] = "Pod resources updated"
			for i := range pod.Spec.Containers {
				pod.Spec.Containers[i].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("3")}
			}
		}, nil},
		{"an injector that reads its environment", "plain", func(s *settings) {
			s.config = strings.Replace(s.config, "{{ .Values.global.pilotCertProvider }}", `{{ env "PROVIDER" "x" }}`, 1)
		}, [3]*meshconfig.ProxyConfig{}, nil, []string{"unknown"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := before.inject(t, pods()[test.pod])
			if test.after != nil {
				test.after(pod)
			}
			now := before
			test.change(&now)
			if diff := cmp.Diff(test.want, now.differencesOrUnknown(t, pod, test.layers)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// differencesOrUnknown are the differences, or "unknown" when nothing can be rendered.
func (s settings) differencesOrUnknown(t *testing.T, pod *corev1.Pod, layers [3]*meshconfig.ProxyConfig) []string {
	t.Helper()
	injector, err := sidecar.New("cp", s.config, s.values, s.meshConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	of := sidecar.Pod{Namespace: pod.Namespace, Labels: pod.Labels, Annotations: pod.Annotations, Spec: &pod.Spec, Layers: layers}
	if _, err := injector.Render(of); err != nil {
		return []string{"unknown"}
	}
	return s.differences(t, pod, layers)
}
