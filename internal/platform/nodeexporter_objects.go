package platform

import (
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	// hostRoot is where node exporter sees the node's file system.
	hostRoot = "/host/root"

	// nodeExporterUser is the user that upstream's image is made for: nobody.
	nodeExporterUser = 65534

	metricsPortName = "metrics"
)

func nodeExporterLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": nodeExporterName, "app": nodeExporterName}
}

// nodeExporterObjects renders node exporter. It is pure.
func nodeExporterObjects(settings nodeExporterSettings, openShift bool) ([]*unstructured.Unstructured, error) {
	objects := []runtime.Object{nodeExporterDaemonSet(settings), nodeExporterService(settings)}
	if settings.RBAC == nil || !isFalse(settings.RBAC.Enabled) {
		objects = append(objects, nodeExporterAccount(settings))
		if openShift {
			objects = append(objects, nodeExporterConstraints(settings)...)
		}
	}
	return encode(objects)
}

func (s nodeExporterSettings) meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: nodeExporterName, Namespace: s.Namespace, Labels: nodeExporterLabels()}
}

func nodeExporterAccount(settings nodeExporterSettings) *corev1.ServiceAccount {
	off := false
	return &corev1.ServiceAccount{
		TypeMeta:                     metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta:                   settings.meta(),
		AutomountServiceAccountToken: &off, // it asks nothing of the API server
	}
}

func nodeExporterService(settings nodeExporterSettings) *corev1.Service {
	service := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: settings.meta(),
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, // each node is asked for itself
			Selector:  nodeExporterLabels(),
			Ports: []corev1.ServicePort{{
				Name: metricsPortName, Port: settings.Port, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromString(metricsPortName),
			}},
		},
	}
	service.Annotations = settings.ServiceAnnotations
	return service
}

func nodeExporterDaemonSet(settings nodeExporterSettings) *appsv1.DaemonSet {
	daemonSet := &appsv1.DaemonSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "DaemonSet"},
		ObjectMeta: settings.meta(),
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": nodeExporterName}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: nodeExporterLabels(), Annotations: settings.PodAnnotations},
				Spec:       nodeExporterPod(settings),
			},
		},
	}
	// In the node's network there is nothing for a proxy to do.
	daemonSet.Spec.Template.Labels["sidecar.istio.io/inject"] = "false"
	return daemonSet
}

func nodeExporterPod(settings nodeExporterSettings) corev1.PodSpec {
	user, yes, no := int64(nodeExporterUser), true, false
	pod := corev1.PodSpec{
		Containers:                   []corev1.Container{nodeExporterContainer(settings)},
		HostNetwork:                  true,
		HostPID:                      true,
		DNSPolicy:                    corev1.DNSDefault,
		AutomountServiceAccountToken: &no,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user,
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Volumes:           []corev1.Volume{{Name: "root", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}},
		Affinity:          settings.Affinity,
		NodeSelector:      settings.NodeSelector,
		Tolerations:       settings.Tolerations,
		PriorityClassName: settings.PriorityClassName,
		ImagePullSecrets:  settings.ImagePullSecrets,
	}
	if settings.RBAC == nil || !isFalse(settings.RBAC.Enabled) {
		pod.ServiceAccountName = nodeExporterName
	}
	return pod
}

func nodeExporterContainer(settings nodeExporterSettings) corev1.Container {
	yes, no := true, false
	propagation := corev1.MountPropagationHostToContainer
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromString(metricsPortName)}}}
	container := corev1.Container{
		Name:  "node-exporter",
		Image: settings.Image.Repository + ":" + settings.Image.Tag,
		Args: append([]string{
			"--path.rootfs=" + hostRoot,
			"--path.procfs=" + hostRoot + "/proc",
			"--path.sysfs=" + hostRoot + "/sys",
			"--web.listen-address=:" + strconv.Itoa(int(settings.Port)),
		}, settings.ExtraArgs...),
		ImagePullPolicy: settings.Image.PullPolicy,
		Ports:           []corev1.ContainerPort{{Name: metricsPortName, ContainerPort: settings.Port, HostPort: settings.Port, Protocol: corev1.ProtocolTCP}},
		LivenessProbe:   probe,
		ReadinessProbe:  probe.DeepCopy(),
		VolumeMounts:    []corev1.VolumeMount{{Name: "root", MountPath: hostRoot, ReadOnly: true, MountPropagation: &propagation}},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
	if settings.Resources != nil {
		container.Resources = *settings.Resources
	}
	return container
}

// nodeExporterConstraints lets node exporter use the documented security context constraints of
// OpenShift: node-exporter, for what it sees of the node, and hostnetwork.
func nodeExporterConstraints(settings nodeExporterSettings) []runtime.Object {
	const constraint = "node-exporter"
	own := nodeExporterName + "-scc-" + constraint
	role := &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: metav1.ObjectMeta{Name: own, Namespace: settings.Namespace, Labels: nodeExporterLabels()},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"security.openshift.io"}, Resources: []string{"securitycontextconstraints"},
			ResourceNames: []string{constraint}, Verbs: []string{"use"},
		}},
	}
	binding := func(name, kind, roleName string) *rbacv1.RoleBinding {
		return &rbacv1.RoleBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: settings.Namespace, Labels: nodeExporterLabels()},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: roleName},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: nodeExporterName, Namespace: settings.Namespace}},
		}
	}
	return []runtime.Object{
		role, // OpenShift has a role of its own for each constraint but this one
		binding(own, "Role", own),
		binding(nodeExporterName+"-scc-hostnetwork", "ClusterRole", "system:openshift:scc:hostnetwork"),
	}
}

// encode turns objects into what is applied: without a status, and without what only the API
// server sets.
func encode(objects []runtime.Object) ([]*unstructured.Unstructured, error) {
	encoded := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return nil, fmt.Errorf("encode %T: %w", object, err)
		}
		for _, path := range [][]string{{"status"}, {"metadata", "creationTimestamp"}, {"spec", "template", "metadata", "creationTimestamp"}, {"spec", "updateStrategy"}} {
			unstructured.RemoveNestedField(content, path...)
		}
		encoded = append(encoded, &unstructured.Unstructured{Object: content})
	}
	return encoded, nil
}
