package controlplane

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// coreDumpTemplate has the kernel of the pod's node write core dumps to the proxy's data volume.
const coreDumpTemplate = "spec:\n" +
	"  initContainers:\n" +
	"  - name: enable-core-dump\n" +
	"    image: \"{{ if contains `/` (annotation .ObjectMeta `sidecar.istio.io/proxyImage` .Values.global.proxy_init.image) }}" +
	"{{ annotation .ObjectMeta `sidecar.istio.io/proxyImage` .Values.global.proxy_init.image }}{{ else }}{{ .ProxyInitImage }}{{ end }}\"\n" +
	"    command: [sysctl]\n" +
	"    args: [-w, kernel.core_pattern=/var/lib/istio/data/core.proxy]\n" +
	"    securityContext:\n" +
	"      privileged: true\n" +
	"      runAsUser: 0\n" +
	"      runAsGroup: 0\n" +
	"      runAsNonRoot: false\n"

// initResourcesTemplate gives the init container resources of its own in place of the proxy's.
func initResourcesTemplate(resources *corev1.ResourceRequirements) string {
	if resources == nil {
		return ""
	}
	text, err := yaml.Marshal(resources)
	if err != nil || strings.TrimSpace(string(text)) == "{}" {
		return ""
	}
	return "{{ if ne (annotation .ObjectMeta `sidecar.istio.io/interceptionMode` .ProxyConfig.InterceptionMode) `NONE` }}\n" +
		"spec:\n" +
		"  initContainers:\n" +
		"  - name: {{ if .Values.pilot.cni.enabled }}istio-validation{{ else }}istio-init{{ end }}\n" +
		"    resources:\n" +
		"      $patch: replace\n" +
		indent(string(text), "      ") +
		"{{ else }}\n" +
		"metadata: {}\n" +
		"{{ end }}\n"
}

// httpProxyTemplate adds the variables to the containers of a pod that do not set them themselves.
func httpProxyTemplate(env []corev1.EnvVar) string {
	if len(env) == 0 {
		return ""
	}
	var pairs []string
	for _, variable := range env {
		pairs = append(pairs, strconv.Quote(variable.Name), strconv.Quote(variable.Value))
	}
	return "{{- $proxies := dict " + strings.Join(pairs, " ") + " }}\n" +
		"{{- $containers := list }}\n" +
		"{{- range $container := .Spec.Containers }}\n" +
		"{{- $missing := list }}\n" +
		"{{- range $name, $value := $proxies }}\n" +
		"{{- $set := eq $container.Name `istio-proxy` }}\n" +
		"{{- range $container.Env }}{{ if eq .Name $name }}{{ $set = true }}{{ end }}{{ end }}\n" +
		"{{- if not $set }}{{ $missing = append $missing (dict `name` $name `value` $value) }}{{ end }}\n" +
		"{{- end }}\n" +
		"{{- $containers = append $containers (dict `name` $container.Name `env` $missing) }}\n" +
		"{{- end }}\n" +
		"spec:\n" +
		"  containers: {{ toJson $containers }}\n"
}

func indent(text, by string) string {
	var indented strings.Builder
	for line := range strings.Lines(text) {
		indented.WriteString(by + line)
	}
	return indented.String()
}

// setAliases has the built-in templates mean themselves with the additions merged over them,
// wherever they are chosen. The chart has no value for it.
func setAliases(objects []*unstructured.Unstructured, revision istio.Revision, spec *v1alpha1.IstioControlPlaneSpec) error {
	aliases := map[string][]string{}
	for _, extra := range additions(spec) {
		if len(aliases[extra.base]) == 0 {
			aliases[extra.base] = []string{extra.base}
		}
		aliases[extra.base] = append(aliases[extra.base], extra.name)
	}
	if len(aliases) == 0 {
		return nil
	}
	for _, object := range objects {
		if object.GetKind() != "ConfigMap" || object.GetName() != injectorConfigMap(revision) {
			continue
		}
		config, _, err := unstructured.NestedString(object.Object, "data", "config")
		if err != nil {
			return fmt.Errorf("read ConfigMap %s: %w", object.GetName(), err)
		}
		text := strings.TrimRight(config, "\n") + "\naliases:\n"
		for _, base := range slices.Sorted(maps.Keys(aliases)) {
			text += fmt.Sprintf("  %s: [%s]\n", base, strings.Join(aliases[base], ", "))
		}
		return unstructured.SetNestedField(object.Object, text, "data", "config")
	}
	return fmt.Errorf("the chart has rendered no ConfigMap %s", injectorConfigMap(revision))
}

// injectorConfigMap is the chart's name of the ConfigMap with the injection templates.
func injectorConfigMap(revision istio.Revision) string {
	return "istio-sidecar-injector-" + revision.Name
}
