package checks

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func serviceChecks() []validation.Check {
	return []validation.Check{serviceWithoutWorkload(), unknownTargetPort(), unknownAppProtocol()}
}

func serviceOf(o *validation.Object) *corev1.ServiceSpec {
	return validation.SpecOf[*corev1.ServiceSpec](o)
}

// inMesh tells whether a namespace has joined the mesh: what is wrong elsewhere is not ours to tell.
func inMesh(v validation.View, namespace string) bool {
	o := v.Get(validation.Namespace, "", namespace)
	if o == nil {
		return false
	}
	return o.Labels[istio.RevisionLabel] != "" || o.Labels[istio.InjectionLabel] == "enabled" || o.Labels["istio.io/dataplane-mode"] == "ambient"
}

func serviceWithoutWorkload() validation.Check {
	return validation.Check{
		ID:       "service/selector/no-workload",
		Severity: validation.Warning,
		Message:  "the service selects no workload",
		Cause:    "No pod and no WorkloadEntry of the namespace has these labels, in any cluster. Requests fail with 503.",
		Mend:     "Correct the selector or the labels of the pods.",
		Subjects: of(validation.Service),
		Reads:    kinds(gatewayReads(), of(validation.Namespace, validation.WorkloadEntry, validation.WorkloadGroup)),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			selector := serviceOf(o).Selector
			if len(selector) == 0 || serviceOf(o).Type == corev1.ServiceTypeExternalName || !inMesh(v, o.Namespace) || !facts.KnowsPods(v) {
				return
			}
			if !anywhere(v, o.Namespace, selector) && !scaledToZero(v, o.Namespace, selector) && !facts.SelectsMachine(v, o.Namespace, false, selector) {
				report(validation.At("selector", selector))
			}
		},
	}
}

func unknownTargetPort() validation.Check {
	return validation.Check{
		ID:       "service/port/no-target",
		Severity: validation.Error,
		Message:  "no selected pod has a container port of this name",
		Cause:    "A target port that is a name stands for the container port of that name. Without one the port has no endpoints.",
		Mend:     "Use the name or the number of a port of the container.",
		Subjects: of(validation.Service),
		Reads:    kinds(gatewayReads(), of(validation.Namespace)),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !inMesh(v, o.Namespace) || len(serviceOf(o).Selector) == 0 {
				return
			}
			var pods []*validation.Object
			for _, cluster := range v.Clusters() {
				pods = append(pods, facts.SelectedIn(v.At(cluster), o.Namespace, serviceOf(o).Selector)...)
			}
			for i, port := range serviceOf(o).Ports {
				if port.TargetPort.Type == intstr.String && len(pods) > 0 && !hasContainerPort(pods, port.TargetPort.StrVal) {
					report(validation.At(fmt.Sprintf("ports[%d].targetPort", i), values("targetPort", port.TargetPort.StrVal)))
				}
			}
		},
	}
}

func hasContainerPort(pods []*validation.Object, name string) bool {
	for _, pod := range pods {
		spec := validation.SpecOf[*corev1.PodSpec](pod)
		for _, containers := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
			for _, container := range containers {
				for _, port := range container.Ports {
					if port.Name == name {
						return true
					}
				}
			}
		}
	}
	return false
}

func unknownAppProtocol() validation.Check {
	return validation.Check{
		ID:       "service/port/app-protocol",
		Severity: validation.Warning,
		Message:  "Istio does not know this appProtocol",
		Cause:    "Istio ignores an appProtocol that it does not know, and the name of the port with it, and guesses from the traffic.",
		Mend:     "Use http, http2, https, grpc, tls, tcp, mongo, mysql, redis, or kubernetes.io/h2c and the like.",
		Subjects: of(validation.Service),
		Reads:    of(validation.Namespace),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !inMesh(v, o.Namespace) {
				return
			}
			for i, port := range serviceOf(o).Ports {
				if port.AppProtocol != nil && *port.AppProtocol != "" && !strings.Contains(*port.AppProtocol, "/") && facts.ServiceProtocol(port) == "" {
					report(validation.At(fmt.Sprintf("ports[%d].appProtocol", i), values("appProtocol", *port.AppProtocol)))
				}
			}
		},
	}
}

// scaledToZero tells whether a Deployment or StatefulSet would make the selected pods, and makes none now.
func scaledToZero(v validation.View, namespace string, selector map[string]string) bool {
	wanted := labels.SelectorFromSet(selector)
	for _, cluster := range v.Clusters() {
		for _, o := range v.At(cluster).In(validation.Deployment, namespace) {
			if wanted.Matches(labels.Set(validation.SpecOf[*appsv1.DeploymentSpec](o).Template.Labels)) {
				return true
			}
		}
		for _, o := range v.At(cluster).In(validation.StatefulSet, namespace) {
			if wanted.Matches(labels.Set(validation.SpecOf[*appsv1.StatefulSetSpec](o).Template.Labels)) {
				return true
			}
		}
	}
	return false
}
