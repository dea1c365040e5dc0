package platform

import (
	"cmp"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

const (
	// ThanosQueryName is the documented name of what joins the metrics of Prometheus' pods, in SystemNamespace.
	ThanosQueryName = "smm-thanos-query"
	// ThanosQueryPort is the port of its Service.
	ThanosQueryPort = 10902

	// thanosSidecars is the Service without an address of its own by which the sidecars are found.
	thanosSidecars = "smm-prometheus-thanos"
	thanosImage    = "quay.io/thanos/thanos"
	thanosTag      = "v0.39.2"
	thanosGRPC     = 10901
	thanosHTTP     = 10902

	// replicaLabel tells apart what Prometheus' pods collect, and is taken away where it is joined.
	replicaLabel = "prometheus_replica"
	// thanosMost is how many pods answer questions at most.
	thanosMost = 5
	// thanosBusy is the share of the requested CPU, in percent, above which there are more of them.
	thanosBusy = 80
)

// sidecars tells whether Thanos stands beside Prometheus: where it is switched on, or where there are several Prometheus pods
// because of high availability.
func (s *prometheusSettings) sidecars(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return isTrue(s.Thanos.Enabled) || s.Thanos.Enabled == nil && highlyAvailable(spec)
}

// joined tells whether Thanos answers questions in Prometheus' place.
func (s *prometheusSettings) joined(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return s.sidecars(spec) && !isFalse(s.Thanos.Query.Enabled)
}

// thanosDefaults are the images and what a query asks for, so that its number of pods can follow the load.
func thanosDefaults(spec *smmv1alpha1.ControlPlaneSpec) *smmv1alpha1.Thanos {
	defaults := &smmv1alpha1.Thanos{Query: &smmv1alpha1.Component{}}
	defaults.Image = &smmv1alpha1.Image{Repository: relocated(spec.RepositoryOverride, thanosImage), Tag: thanosTag}
	defaults.Query.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi"),
	}}
	return defaults
}

// imageOr is an image with what it does not say taken from another one.
func imageOr(image, other *smmv1alpha1.Image) *smmv1alpha1.Image {
	if image == nil {
		return other
	}
	return &smmv1alpha1.Image{
		Repository: cmp.Or(image.Repository, other.Repository), Tag: cmp.Or(image.Tag, other.Tag), PullPolicy: cmp.Or(image.PullPolicy, other.PullPolicy),
	}
}

func thanosLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": ThanosQueryName, "app": "thanos-query"}
}

func thanosMeta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: ThanosQueryName, Namespace: SystemNamespace, Labels: thanosLabels()}
}

// thanosSidecar hands on what one Prometheus pod has collected. It uploads nothing.
func thanosSidecar(settings *prometheusSettings) corev1.Container {
	sidecar := thanosContainer("thanos-sidecar", settings.Thanos.Image, []string{
		"sidecar", "--prometheus.url=http://localhost:9090" + PrometheusPath, "--grpc-address=0.0.0.0:10901", "--http-address=0.0.0.0:10902",
	})
	if settings.Thanos.Resources != nil {
		sidecar.Resources = *settings.Thanos.Resources
	}
	return sidecar
}

func thanosContainer(name string, image *smmv1alpha1.Image, args []string) corev1.Container {
	yes, no := true, false
	probe := func(path string) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(thanosHTTP)}}}
	}
	return corev1.Container{
		Name: name, Image: image.Repository + ":" + image.Tag, ImagePullPolicy: image.PullPolicy, Args: args,
		Ports: []corev1.ContainerPort{
			{Name: "grpc", ContainerPort: thanosGRPC, Protocol: corev1.ProtocolTCP}, {Name: "http-thanos", ContainerPort: thanosHTTP, Protocol: corev1.ProtocolTCP},
		},
		ReadinessProbe: probe("/-/ready"), LivenessProbe: probe("/-/healthy"),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

// sidecarService has a name for each sidecar, also of pods that are not ready: what they have is better than nothing.
func sidecarService() *corev1.Service {
	return &corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}, ObjectMeta: prometheusMeta(thanosSidecars),
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, Selector: prometheusLabels(), PublishNotReadyAddresses: true,
			Ports: []corev1.ServicePort{{Name: "grpc", Port: thanosGRPC, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromString("grpc")}},
		},
	}
}

// thanosQuery are the objects of what answers questions from the metrics of all Prometheus pods, counting each series once.
func thanosQuery(cp *smmv1alpha1.ControlPlane, settings *prometheusSettings) []runtime.Object {
	least := int32(1)
	if highlyAvailable(&cp.Spec) {
		least = highAvailabilityPods
	}
	return []runtime.Object{
		&corev1.Service{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}, ObjectMeta: thanosMeta(),
			Spec: corev1.ServiceSpec{Selector: thanosLabels(), Ports: []corev1.ServicePort{{
				Name: "http", Port: ThanosQueryPort, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(thanosHTTP),
			}}},
		},
		thanosDeployment(cp, settings),
		&autoscalingv2.HorizontalPodAutoscaler{
			TypeMeta: metav1.TypeMeta{APIVersion: autoscalingv2.SchemeGroupVersion.String(), Kind: "HorizontalPodAutoscaler"}, ObjectMeta: thanosMeta(),
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "Deployment", Name: ThanosQueryName},
				MinReplicas:    &least, MaxReplicas: thanosMost,
				Metrics: []autoscalingv2.MetricSpec{{
					Type: autoscalingv2.ResourceMetricSourceType,
					Resource: &autoscalingv2.ResourceMetricSource{
						Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(int32(thanosBusy))},
					},
				}},
			},
		},
	}
}

// thanosDeployment leaves the number of pods to the autoscaler.
func thanosDeployment(cp *smmv1alpha1.ControlPlane, settings *prometheusSettings) *appsv1.Deployment {
	user, yes, no := int64(prometheusUser), true, false
	query := thanosContainer("thanos-query", imageOr(settings.Thanos.Query.Image, settings.Thanos.Image), []string{
		"query", "--grpc-address=0.0.0.0:10901", "--http-address=0.0.0.0:10902", "--query.replica-label=" + replicaLabel,
		"--endpoint=dnssrv+_grpc._tcp." + thanosSidecars + "." + SystemNamespace + ".svc",
	})
	query.Resources = *settings.Thanos.Query.Resources
	pod := corev1.PodSpec{
		Containers: []corev1.Container{query}, AutomountServiceAccountToken: &no,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
	prometheusPlacement(&cp.Spec, &pod)
	labels := thanosLabels()
	labels["sidecar.istio.io/inject"] = "false" // as Prometheus' own pods
	return &appsv1.Deployment{
		TypeMeta: metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "Deployment"}, ObjectMeta: thanosMeta(),
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": ThanosQueryName}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}
}
