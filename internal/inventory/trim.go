package inventory

import (
	"istio.io/api/annotation"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// trim takes away what the inventory does not read, so that it takes no memory.
func trim(object any) (any, error) {
	if meta, ok := object.(metav1.Object); ok {
		meta.SetManagedFields(nil)
		meta.SetAnnotations(kept(meta.GetAnnotations()))
	}
	switch o := object.(type) {
	case *corev1.Pod:
		trimPod(o)
	case *appsv1.Deployment:
		o.Spec.Template.Spec, o.Status = corev1.PodSpec{}, appsv1.DeploymentStatus{}
	case *appsv1.StatefulSet:
		o.Spec.Template.Spec, o.Status, o.Spec.VolumeClaimTemplates = corev1.PodSpec{}, appsv1.StatefulSetStatus{}, nil
	case *appsv1.DaemonSet:
		o.Spec.Template.Spec = corev1.PodSpec{}
	}
	return object, nil
}

func trimPod(pod *corev1.Pod) {
	containers := make([]corev1.Container, 0, len(pod.Spec.Containers))
	for _, container := range pod.Spec.Containers {
		containers = append(containers, corev1.Container{Name: container.Name, Image: container.Image})
	}
	pod.Spec = corev1.PodSpec{NodeName: pod.Spec.NodeName, Containers: containers}
}

func keptAnnotations() []string {
	return []string{statusAnnotation, templatesAnnotation, annotation.IoIstioAutoRegistrationGroup.Name, healthChecksAnnotation}
}

func kept(annotations map[string]string) map[string]string {
	var few map[string]string
	for _, name := range keptAnnotations() {
		if value, found := annotations[name]; found {
			if few == nil {
				few = map[string]string{}
			}
			few[name] = value
		}
	}
	return few
}
