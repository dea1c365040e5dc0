package platform

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

const (
	// nodeExporterName is the documented name of node exporter's objects.
	nodeExporterName = "prometheus-node-exporter"

	// nodeExporterPort is the documented port of its Service. It is a port of the node too, and
	// not node exporter's usual one, which another exporter may hold.
	nodeExporterPort = 19101

	nodeExporterImage = "docker.io/prom/node-exporter"
	nodeExporterTag   = "v1.9.1"
)

// nodeExporterSettings are the fields of the ControlPlane, and what only valuesOverride can set.
type nodeExporterSettings struct {
	smmv1alpha1.NodeExporter `json:",inline"`

	// Port that metrics are served at, on every node.
	Port int32 `json:"port,omitempty"`
	// ExtraArgs are arguments of the program besides the product's.
	ExtraArgs []string `json:"extraArgs,omitempty"`
	// ServiceAnnotations and PodAnnotations tell other collectors where metrics are.
	ServiceAnnotations map[string]string `json:"serviceAnnotations,omitempty"`
	PodAnnotations     map[string]string `json:"podAnnotations,omitempty"`

	PriorityClassName string                        `json:"priorityClassName,omitempty"`
	ImagePullSecrets  []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	Affinity          *corev1.Affinity              `json:"affinity,omitempty"`
	NodeSelector      map[string]string             `json:"nodeSelector,omitempty"`
	Tolerations       []corev1.Toleration           `json:"tolerations,omitempty"`
}

// nodeExporter is the component that reports the metrics of nodes.
func nodeExporter() renderedComponent {
	return renderedComponent{
		key:    smmv1alpha1.ComponentNodeExporter,
		wanted: wantsNodeExporter,
		render: func(cp *smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error) {
			settings, err := nodeExporterSettingsOf(&cp.Spec)
			if err != nil {
				return nil, err
			}
			return nodeExporterObjects(settings, cp.Spec.Platform == smmv1alpha1.PlatformOpenShift)
		},
	}
}

func nodeExporterSettingsOf(spec *smmv1alpha1.ControlPlaneSpec) (nodeExporterSettings, error) {
	on := true
	defaults := nodeExporterSettings{
		Port:             nodeExporterPort,
		ImagePullSecrets: pullSecretsOf(spec),
		Affinity:         spec.Affinity,
		NodeSelector:     spec.NodeSelector,
		// There is a node exporter on every node, whatever it is reserved for.
		Tolerations: append([]corev1.Toleration{{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}, spec.Tolerations...),
	}
	defaults.Namespace = SystemNamespace
	defaults.RBAC = &smmv1alpha1.Toggle{Enabled: &on}
	defaults.Image = &smmv1alpha1.Image{Repository: relocated(spec.RepositoryOverride, nodeExporterImage), Tag: nodeExporterTag}
	return settle(defaults, spec.NodeExporter, override{
		path:   "spec.nodeExporter.valuesOverride",
		values: spec.NodeExporter.ValuesOverride,
		// It can only report a node that it sees.
		managed: []string{"enabled", "namespace", "hostNetwork", "hostPID", "hostRoot"},
	})
}

func wantsNodeExporter(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return spec.NodeExporter != nil && isTrue(spec.NodeExporter.Enabled)
}
