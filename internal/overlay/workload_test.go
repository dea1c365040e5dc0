package overlay_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/overlay"
)

const daemonSet = `
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: node
  labels: {app: node}
spec:
  updateStrategy:
    type: OnDelete
  template:
    metadata:
      labels: {app: node}
    spec:
      nodeSelector: {kubernetes.io/os: linux}
      tolerations:
      - {key: a, operator: Exists}
      containers:
      - name: main
        image: old
        env:
        - {name: A, value: old}
        - {name: B, value: "1"}
        resources:
          requests: {cpu: 1, memory: 1Gi}
        securityContext:
          privileged: false
          runAsUser: 0
        volumeMounts:
        - {mountPath: /data, name: data}
      - name: other
      volumes:
      - {name: data, emptyDir: {}}
`

const configuredDaemonSet = `
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: node
  labels: {app: node, team: mesh}
spec:
  updateStrategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 2}
  template:
    metadata:
      labels: {app: node}
      annotations: {note: text}
    spec:
      nodeSelector: {kubernetes.io/os: linux, pool: mesh}
      priorityClassName: high
      imagePullSecrets:
      - name: pull
      securityContext: {fsGroup: 1}
      tolerations:
      - {key: a, operator: Exists}
      - {key: b, operator: Exists}
      containers:
      - name: main
        image: new
        imagePullPolicy: Always
        env:
        - {name: B, value: "1"}
        - {name: A, value: new}
        - {name: C, valueFrom: {secretKeyRef: {name: s, key: k}}}
        resources:
          requests: {cpu: 500m}
        readinessProbe: {exec: {command: [ok]}}
        securityContext:
          privileged: true
          runAsUser: 0
        volumeMounts:
        - {mountPath: /data, name: other}
      - name: other
      volumes:
      - {name: data, hostPath: {path: /data}}
      - {name: other, emptyDir: {}}
`

func TestWorkloadSettingsAreLaidOverTheRendered(t *testing.T) {
	two := intstr.FromInt32(2)
	config := &v1alpha1.WorkloadConfig{
		ContainerConfig: v1alpha1.ContainerConfig{
			Image: "new",
			Env: []corev1.EnvVar{
				{Name: "A", Value: "new"},
				{Name: "C", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
					LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k",
				}}},
			},
			Resources:       &corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("500m")}},
			SecurityContext: &corev1.SecurityContext{Privileged: new(true)},
			VolumeMounts:    []corev1.VolumeMount{{Name: "other", MountPath: "/data"}},
		},
		Metadata:          &v1alpha1.ObjectMetadata{Labels: map[string]string{"team": "mesh"}},
		PodMetadata:       &v1alpha1.ObjectMetadata{Annotations: map[string]string{"note": "text"}},
		NodeSelector:      map[string]string{"pool": "mesh"},
		Tolerations:       []corev1.Toleration{{Key: "a", Operator: "Exists"}, {Key: "b", Operator: "Exists"}},
		ImagePullPolicy:   corev1.PullAlways,
		ImagePullSecrets:  []corev1.LocalObjectReference{{Name: "pull"}},
		PriorityClassName: "high",
		Volumes: []corev1.Volume{
			{Name: "data", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/data"}}},
			{Name: "other", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
		DeploymentStrategy: &appsv1.DeploymentStrategy{Type: "RollingUpdate", RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &two}},
		PodSecurityContext: &corev1.PodSecurityContext{FSGroup: new(int64(1))},
		ReadinessProbe:     &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"ok"}}}},
	}
	got := object(t, daemonSet)
	if err := overlay.Workload(got, "main", config); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(object(t, configuredDaemonSet).Object, sameNumbers(t, got.Object)); diff != "" {
		t.Error(diff)
	}
}

// sameNumbers turns whole numbers into the type that YAML decodes to.
func sameNumbers(t *testing.T, content map[string]any) map[string]any {
	t.Helper()
	text, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return object(t, string(text)).Object
}

func TestWorkloadWithoutTheContainerIsAnError(t *testing.T) {
	err := overlay.Workload(object(t, daemonSet), "absent", &v1alpha1.WorkloadConfig{})
	if err == nil || err.Error() != "DaemonSet node has no container absent" {
		t.Errorf("got %v", err)
	}
	if err := overlay.Workload(object(t, service), "main", &v1alpha1.WorkloadConfig{}); err == nil {
		t.Error("a Service was taken for a workload")
	}
	if err := overlay.Workload(object(t, service), "main", nil); err != nil {
		t.Errorf("without settings there is nothing to do: %v", err)
	}
}
