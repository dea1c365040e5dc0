package platform

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Node exporter is what the ControlPlane says of it, of all pods and of images; on OpenShift it may
// use the documented security context constraints.
func TestNodeExporterHasTheSettings(t *testing.T) {
	type seen struct {
		Objects, Args, Tolerations, PullSecrets []string
		Image, Account, CPU                     string
		NodeSelector                            map[string]string
	}
	base := []string{"--path.rootfs=/host/root", "--path.procfs=/host/root/proc", "--path.sysfs=/host/root/sys"}
	objects := []string{"DaemonSet prometheus-node-exporter", "Service prometheus-node-exporter", "ServiceAccount prometheus-node-exporter"}
	for name, test := range map[string]struct {
		spec string
		want seen
	}{
		"defaults": {"nodeExporter: {enabled: true}", seen{
			Objects: objects, Args: append(slices.Clone(base), "--web.listen-address=:19101"), Tolerations: []string{""},
			Image: "docker.io/prom/node-exporter:v1.9.1", Account: nodeExporterName, CPU: "0",
		}},
		"settings": {`
repositoryOverride: {host: registry.example.org, prefix: smm}
registryAccess: {enabled: true, pullSecrets: [{name: pull}]}
nodeSelector: {disk: ssd}
tolerations: [{key: mesh}]
nodeExporter:
  enabled: true
  image: {tag: v1.8.0}
  rbac: {enabled: false}
  resources: {requests: {cpu: 50m}}
  valuesOverride: {port: 9100, extraArgs: [--no-collector.wifi], resources: {requests: {cpu: 70m}}}
`, seen{
			Objects: objects[:2], Args: append(slices.Clone(base), "--web.listen-address=:9100", "--no-collector.wifi"),
			Tolerations: []string{"", "mesh"}, PullSecrets: []string{"pull"}, Image: "registry.example.org/smm/node-exporter:v1.8.0",
			CPU: "70m", NodeSelector: map[string]string{"disk": "ssd"},
		}},
		"OpenShift": {"{platform: openshift, nodeExporter: {enabled: true}}", seen{
			Objects: append(slices.Clone(objects),
				"Role prometheus-node-exporter-scc-node-exporter uses node-exporter",
				"RoleBinding prometheus-node-exporter-scc-node-exporter to prometheus-node-exporter-scc-node-exporter",
				"RoleBinding prometheus-node-exporter-scc-hostnetwork to system:openshift:scc:hostnetwork"),
			Args: append(slices.Clone(base), "--web.listen-address=:19101"), Tolerations: []string{""},
			Image: "docker.io/prom/node-exporter:v1.9.1", Account: nodeExporterName, CPU: "0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			rendered, err := nodeExporter().render(controlPlane(t, test.spec))
			if err != nil {
				t.Fatal(err)
			}
			var got seen
			for _, object := range rendered {
				got.Objects = append(got.Objects, object.GetKind()+" "+object.GetName()+detail(object))
				if object.GetKind() != "DaemonSet" {
					continue
				}
				var daemonSet appsv1.DaemonSet
				if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &daemonSet); err != nil {
					t.Fatal(err)
				}
				pod := daemonSet.Spec.Template.Spec
				got.Args, got.Image, got.CPU = pod.Containers[0].Args, pod.Containers[0].Image, pod.Containers[0].Resources.Requests.Cpu().String()
				got.Account, got.NodeSelector = pod.ServiceAccountName, pod.NodeSelector
				for _, toleration := range pod.Tolerations {
					got.Tolerations = append(got.Tolerations, toleration.Key)
				}
				for _, secret := range pod.ImagePullSecrets {
					got.PullSecrets = append(got.PullSecrets, secret.Name)
				}
			}
			slices.Sort(got.Objects)
			slices.Sort(test.want.Objects)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// detail is what a role or a binding is about.
func detail(object *unstructured.Unstructured) string {
	switch object.GetKind() {
	case "Role":
		rules, _, _ := unstructured.NestedSlice(object.Object, "rules")
		names, _, _ := unstructured.NestedStringSlice(rules[0].(map[string]any), "resourceNames")
		return " uses " + strings.Join(names, ", ")
	case "RoleBinding":
		name, _, _ := unstructured.NestedString(object.Object, "roleRef", "name")
		return " to " + name
	}
	return ""
}
