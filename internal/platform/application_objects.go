package platform

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// applicationUser runs the server: nobody.
const applicationUser = 65534

func applicationLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": ApplicationName, "app": ApplicationName}
}

func applicationMeta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: ApplicationName, Namespace: SystemNamespace, Labels: applicationLabels()}
}

func applicationAccount() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: applicationMeta()}
}

func applicationService(spec *smmv1alpha1.ControlPlaneSpec) *corev1.Service {
	service := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: applicationMeta(),
		Spec: corev1.ServiceSpec{
			Selector: applicationLabels(),
			Ports: []corev1.ServicePort{{
				Name: "http", Port: ApplicationPort, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(ApplicationPodPort),
			}},
		},
	}
	if wantsWarnings(spec) {
		service.Spec.Ports = append(service.Spec.Ports, warningsServicePort())
	}
	return service
}

func applicationDeployment(cp *smmv1alpha1.ControlPlane, settings applicationSettings) *appsv1.Deployment {
	deployment := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "Deployment"},
		ObjectMeta: applicationMeta(),
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: ApplicationSelector()},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: applicationLabels(), Annotations: settings.PodAnnotations},
				Spec:       applicationPod(cp, settings),
			},
		},
	}
	if highlyAvailable(&cp.Spec) {
		deployment.Spec.Replicas = new(int32(highAvailabilityPods))
	}
	// Its connections are to API servers, which know it by its account and not by a proxy's certificate.
	deployment.Spec.Template.Labels["sidecar.istio.io/inject"] = "false"
	return deployment
}

func applicationPod(cp *smmv1alpha1.ControlPlane, settings applicationSettings) corev1.PodSpec {
	user, yes := int64(applicationUser), true
	return corev1.PodSpec{
		ServiceAccountName: ApplicationName,
		Containers:         []corev1.Container{applicationContainer(cp, settings)},
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user,
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Affinity:         cp.Spec.Affinity,
		NodeSelector:     cp.Spec.NodeSelector,
		Tolerations:      cp.Spec.Tolerations,
		ImagePullSecrets: pullSecretsOf(&cp.Spec),
	}
}

func applicationContainer(cp *smmv1alpha1.ControlPlane, settings applicationSettings) corev1.Container {
	yes, no := true, false
	probe := corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")}}
	container := corev1.Container{
		Name:            "server",
		Image:           settings.Image.Repository + ":" + settings.Image.Tag,
		ImagePullPolicy: settings.Image.PullPolicy,
		Args:            applicationArgs(cp, settings),
		Ports:           []corev1.ContainerPort{{Name: "http", ContainerPort: ApplicationPodPort, Protocol: corev1.ProtocolTCP}},
		LivenessProbe:   &corev1.Probe{ProbeHandler: probe, InitialDelaySeconds: 10},
		ReadinessProbe:  &corev1.Probe{ProbeHandler: probe},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
	if wantsWarnings(&cp.Spec) {
		container.Ports = append(container.Ports, corev1.ContainerPort{Name: "https-webhook", ContainerPort: warningsListens, Protocol: corev1.ProtocolTCP})
	}
	if settings.Resources != nil {
		container.Resources = *settings.Resources
	}
	return container
}
