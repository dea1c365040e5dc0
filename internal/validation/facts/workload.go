package facts

import (
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
)

// workloadKinds are the kinds that workloads are derived from.
func workloadKinds() []validation.Kind {
	return []validation.Kind{
		validation.Pod, validation.Deployment, validation.StatefulSet, validation.DaemonSet, validation.IstioMeshGateway,
		validation.Service, validation.Node,
	}
}

// workloadSet holds pods, those that there are and those that files ask for.
type workloadSet struct {
	pods        []*validation.Object
	byNamespace map[string][]*validation.Object
	services    []*validation.Object // planned ones
}

func workloads(v validation.View) *workloadSet {
	return validation.Derived(v, "workloads", workloadKinds(), findWorkloads)
}

// Pods returns the pods of the cluster, with those that workloads in files ask for (they are marked as Planned).
func Pods(v validation.View) []*validation.Object { return workloads(v).pods }

// PodsIn returns the pods of one namespace.
func PodsIn(v validation.View, namespace string) []*validation.Object {
	return workloads(v).byNamespace[namespace]
}

// KnowsPods tells whether a workload that is not here does not exist.
func KnowsPods(v validation.View) bool {
	return v.KnowsAny(validation.Pod, validation.Deployment, validation.StatefulSet, validation.DaemonSet, validation.IstioMeshGateway)
}

// Selected returns the pods of all namespaces that have the labels given; none for an empty selector.
func Selected(v validation.View, selector map[string]string) []*validation.Object {
	if len(selector) == 0 {
		return nil
	}
	return matching(Pods(v), selector)
}

// SelectedIn is Selected for one namespace. An empty selector selects all its pods.
func SelectedIn(v validation.View, namespace string, selector map[string]string) []*validation.Object {
	return matching(PodsIn(v, namespace), selector)
}

func matching(pods []*validation.Object, selector map[string]string) []*validation.Object {
	wanted := labels.SelectorFromSet(selector)
	var found []*validation.Object
	for _, pod := range pods {
		if wanted.Matches(labels.Set(pod.Labels)) {
			found = append(found, pod)
		}
	}
	return found
}

func findWorkloads(v validation.View) *workloadSet {
	set := &workloadSet{pods: slices.Clone(v.Objects(validation.Pod)), byNamespace: map[string][]*validation.Object{}}
	for _, pod := range set.pods {
		set.byNamespace[pod.Namespace] = append(set.byNamespace[pod.Namespace], pod)
	}
	for _, o := range v.Objects(validation.Deployment) {
		spec := validation.SpecOf[*appsv1.DeploymentSpec](o)
		set.plan(v, o, &spec.Template)
	}
	for _, o := range v.Objects(validation.StatefulSet) {
		spec := validation.SpecOf[*appsv1.StatefulSetSpec](o)
		set.plan(v, o, &spec.Template)
	}
	for _, o := range v.Objects(validation.DaemonSet) {
		spec := validation.SpecOf[*appsv1.DaemonSetSpec](o)
		set.plan(v, o, &spec.Template)
	}
	for _, o := range v.Objects(validation.IstioMeshGateway) {
		set.planGateway(v, o)
	}
	if !v.Live() {
		set.planDefaultGateway(v)
	}
	return set
}

// plan adds the pod that a workload in a file asks for, unless such a pod is there.
func (s *workloadSet) plan(v validation.View, o *validation.Object, template *corev1.PodTemplateSpec) {
	if v.Live() && o.Source.File == "" || len(template.Labels) == 0 {
		return
	}
	if len(matching(s.byNamespace[o.Namespace], template.Labels)) > 0 {
		return
	}
	s.add(planned(o, template.ObjectMeta, &template.Spec))
}

func planned(o *validation.Object, meta metav1.ObjectMeta, spec *corev1.PodSpec) *validation.Object {
	return &validation.Object{
		ID:     validation.ID{Cluster: o.Cluster, Kind: validation.Pod, Namespace: o.Namespace, Name: o.Name},
		Labels: meta.Labels, Annotations: meta.Annotations, Spec: spec, Source: o.Source, Planned: true,
	}
}

func (s *workloadSet) add(pod *validation.Object) {
	s.pods = append(s.pods, pod)
	s.byNamespace[pod.Namespace] = append(s.byNamespace[pod.Namespace], pod)
}

// planGateway adds the pod and the Service of an IstioMeshGateway in a file, with the labels that they will have.
func (s *workloadSet) planGateway(v validation.View, o *validation.Object) {
	if v.Live() && o.Source.File == "" {
		return
	}
	spec := validation.SpecOf[*servicemeshv1alpha1.IstioMeshGatewaySpec](o)
	podLabels := map[string]string{}
	if spec.Deployment != nil && spec.Deployment.PodMetadata != nil {
		maps.Copy(podLabels, spec.Deployment.PodMetadata.Labels)
	}
	if spec.Deployment != nil && spec.Deployment.Metadata != nil {
		maps.Copy(podLabels, spec.Deployment.Metadata.Labels)
	}
	maps.Copy(podLabels, o.Labels)
	podLabels["gateway-name"], podLabels["gateway-type"] = o.Name, string(spec.Type)
	podLabels[istio.RevisionLabel] = istio.Revision{Name: spec.IstioControlPlane.Name, Namespace: spec.IstioControlPlane.Namespace}.Label()
	if len(matching(s.byNamespace[o.Namespace], podLabels)) > 0 {
		return
	}
	s.add(planned(o, metav1.ObjectMeta{Labels: podLabels}, &corev1.PodSpec{Containers: []corev1.Container{{Name: proxyContainer}}}))
	service := &corev1.ServiceSpec{Selector: map[string]string{"gateway-name": o.Name}, Type: spec.Service.Type}
	for _, port := range spec.Service.Ports {
		target := corev1.ServicePort{Name: port.Name, Port: port.Port, Protocol: corev1.ProtocolTCP}
		if port.TargetPort != nil {
			target.TargetPort = *port.TargetPort
		}
		service.Ports = append(service.Ports, target)
	}
	s.services = append(s.services, plannedService(o.ID, service))
}

func plannedService(of validation.ID, spec *corev1.ServiceSpec) *validation.Object {
	return &validation.Object{
		ID:   validation.ID{Cluster: of.Cluster, Kind: validation.Service, Namespace: of.Namespace, Name: of.Name},
		Spec: spec, Planned: true,
	}
}

// planDefaultGateway adds Istio's own ingress gateway to files, as few of them hold it and many refer to it.
func (s *workloadSet) planDefaultGateway(v validation.View) {
	id := validation.ID{Cluster: v.Cluster, Kind: validation.Pod, Namespace: istio.DefaultNamespace, Name: "istio-ingressgateway"}
	selector := map[string]string{"istio": "ingressgateway"}
	if len(matching(s.pods, selector)) > 0 || v.Get(validation.Service, id.Namespace, id.Name) != nil {
		return
	}
	s.add(&validation.Object{ID: id, Labels: selector, Spec: &corev1.PodSpec{Containers: []corev1.Container{{Name: proxyContainer}}}, Planned: true})
	service := &corev1.ServiceSpec{Selector: selector}
	for port, target := range map[int32]int{80: 8080, 443: 8443, 31400: 31400, 15443: 15443} {
		service.Ports = append(service.Ports, corev1.ServicePort{Port: port, TargetPort: intstr.FromInt(target), Protocol: corev1.ProtocolTCP})
	}
	slices.SortFunc(service.Ports, func(a, b corev1.ServicePort) int { return int(a.Port - b.Port) })
	s.services = append(s.services, plannedService(id, service))
}

// Services returns the Services of the cluster, with those that gateways in files ask for.
func Services(v validation.View) []*validation.Object {
	planned := workloads(v).services
	if len(planned) == 0 {
		return v.Objects(validation.Service)
	}
	all := slices.Clone(v.Objects(validation.Service))
	for _, service := range planned {
		if v.Get(validation.Service, service.Namespace, service.Name) == nil {
			all = append(all, service)
		}
	}
	return all
}

// proxyContainer is the name of the proxy's container in every injected pod.
const proxyContainer = "istio-proxy"

// Proxy returns the proxy's container of a pod, or nil.
func Proxy(pod *validation.Object) *corev1.Container {
	spec := validation.SpecOf[*corev1.PodSpec](pod)
	if spec == nil {
		return nil
	}
	for _, containers := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for i := range containers {
			if containers[i].Name == proxyContainer {
				return &containers[i]
			}
		}
	}
	return nil
}

// Proxyless tells whether a pod is in the mesh without a proxy in its path: its gRPC library speaks to istiod.
func Proxyless(pod *validation.Object) bool {
	for template := range strings.SplitSeq(pod.Annotations["inject.istio.io/templates"], ",") {
		if strings.HasPrefix(strings.TrimSpace(template), "grpc-") {
			return true
		}
	}
	return false
}
