package platform

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/telemetry"
)

const (
	// prometheusListens is the port of Prometheus' pods.
	prometheusListens = 9090
	// prometheusUser is the user that upstream's image is made for: nobody.
	prometheusUser = 65534
	// prometheusData is where metrics are stored.
	prometheusData = "/prometheus"
	// prometheusVolume is the documented name of the volume with them.
	prometheusVolume    = "prometheus-smm-prometheus-db"
	prometheusConfigDir = "/etc/prometheus"
	// recordingRules is the file with the product's own rules.
	recordingRules = "recording-rules.yaml"

	// PrometheusRules is the ConfigMap in SystemNamespace with rules for Prometheus. There may be none.
	PrometheusRules = "smm-prometheus-rules"
)

func prometheusLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": PrometheusName, "app": "prometheus"}
}

func prometheusMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: SystemNamespace, Labels: prometheusLabels()}
}

// prometheusObjects renders Prometheus. It is pure.
func prometheusObjects(cp *smmv1alpha1.ControlPlane, settings prometheusSettings) ([]runtime.Object, error) {
	config, err := prometheusConfig(cp.Spec.ClusterName, &settings, settings.sidecars(&cp.Spec))
	if err != nil {
		return nil, err
	}
	interval, err := settings.interval()
	if err != nil {
		return nil, err
	}
	rules, err := telemetry.RecordingRules(interval)
	if err != nil {
		return nil, err
	}
	objects := []runtime.Object{
		&corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: prometheusMeta(PrometheusName)},
		&corev1.ConfigMap{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: prometheusMeta(PrometheusName),
			Data: map[string]string{"prometheus.yml": config, recordingRules: string(rules)},
		},
		prometheusService(),
		prometheusStatefulSet(cp, &settings),
	}
	if settings.sidecars(&cp.Spec) {
		objects = append(objects, sidecarService())
	}
	if settings.joined(&cp.Spec) {
		objects = append(objects, thanosQuery(cp, &settings)...)
	}
	return append(objects, prometheusRights()...), nil
}

// prometheusRights are what discovery reads, and the metrics of kubelets.
func prometheusRights() []runtime.Object {
	meta := metav1.ObjectMeta{Name: PrometheusName, Labels: prometheusLabels()}
	return []runtime.Object{
		&rbacv1.ClusterRole{
			TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"}, ObjectMeta: meta,
			Rules: []rbacv1.PolicyRule{
				{APIGroups: []string{""}, Resources: []string{"nodes", "pods"}, Verbs: []string{"get", "list", "watch"}},
				{APIGroups: []string{""}, Resources: []string{"nodes/metrics"}, Verbs: []string{"get"}},
			},
		},
		&rbacv1.ClusterRoleBinding{
			TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRoleBinding"}, ObjectMeta: meta,
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: PrometheusName},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: PrometheusName, Namespace: SystemNamespace}},
		},
	}
}

// prometheusService leads a client to the same pod, as long as it is there: each pod has collected for itself.
func prometheusService() *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: prometheusMeta(PrometheusName),
		Spec: corev1.ServiceSpec{
			Selector:        prometheusLabels(),
			SessionAffinity: corev1.ServiceAffinityClientIP,
			Ports: []corev1.ServicePort{{
				Name: "http", Port: PrometheusPort, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(prometheusListens),
			}},
		},
	}
}

func prometheusStatefulSet(cp *smmv1alpha1.ControlPlane, settings *prometheusSettings) *appsv1.StatefulSet {
	set := &appsv1.StatefulSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "StatefulSet"},
		ObjectMeta: prometheusMeta(prometheusPods),
		Spec: appsv1.StatefulSetSpec{
			Replicas:            settings.Replicas,
			ServiceName:         PrometheusName,
			PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector:            &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": PrometheusName}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: prometheusLabels(), Annotations: settings.PodAnnotations},
				Spec:       prometheusPod(cp, settings),
			},
		},
	}
	// It asks proxies at a port that is theirs alone, without their certificates.
	set.Spec.Template.Labels["sidecar.istio.io/inject"] = "false"
	if settings.Storage == nil || settings.Storage.Spec == nil {
		set.Spec.Template.Spec.Volumes = append(set.Spec.Template.Spec.Volumes,
			corev1.Volume{Name: prometheusVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
		return set
	}
	claim := corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: prometheusVolume}, Spec: *settings.Storage.Spec.DeepCopy()}
	if len(claim.Spec.AccessModes) == 0 {
		claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	}
	set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{claim}
	return set
}

func prometheusPod(cp *smmv1alpha1.ControlPlane, settings *prometheusSettings) corev1.PodSpec {
	user, yes := int64(prometheusUser), true
	pod := corev1.PodSpec{
		ServiceAccountName: PrometheusName,
		Containers:         []corev1.Container{prometheusContainer(settings)},
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user,
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: PrometheusName},
			}}},
			{Name: "rules", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: PrometheusRules}, Optional: &yes,
			}}},
		},
	}
	if settings.sidecars(&cp.Spec) {
		pod.Containers[0].Env = []corev1.EnvVar{{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{
			FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.name"},
		}}}
		pod.Containers = append(pod.Containers, thanosSidecar(settings))
	}
	prometheusPlacement(&cp.Spec, &pod)
	return pod
}

func prometheusContainer(settings *prometheusSettings) corev1.Container {
	yes, no := true, false
	probe := func(path string) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: PrometheusPath + path, Port: intstr.FromString("http")}}}
	}
	container := corev1.Container{
		Name:            "prometheus",
		Image:           settings.Image.Repository + ":" + settings.Image.Tag,
		ImagePullPolicy: settings.Image.PullPolicy,
		Args: append([]string{
			"--config.file=" + prometheusConfigDir + "/prometheus.yml",
			"--config.auto-reload", // a new pod would forget what it has collected
			"--storage.tsdb.path=" + prometheusData,
			"--storage.tsdb.retention.time=" + string(settings.RetentionTime),
			"--web.route-prefix=" + PrometheusPath,
			"--web.external-url=http://" + PrometheusName + "." + SystemNamespace + ".svc" + PrometheusPath,
		}, settings.ExtraArgs...),
		Ports:          []corev1.ContainerPort{{Name: "http", ContainerPort: prometheusListens, Protocol: corev1.ProtocolTCP}},
		ReadinessProbe: probe("/-/ready"),
		LivenessProbe:  probe("/-/healthy"),
		// Reading what was stored takes a while.
		StartupProbe: probe("/-/ready"),
		VolumeMounts: []corev1.VolumeMount{
			{Name: "config", MountPath: prometheusConfigDir, ReadOnly: true},
			{Name: "rules", MountPath: "/etc/prometheus-rules", ReadOnly: true},
			{Name: prometheusVolume, MountPath: prometheusData},
		},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
	container.StartupProbe.FailureThreshold = 60
	if settings.Resources != nil {
		container.Resources = *settings.Resources
	}
	return container
}
