package meshgateway

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// unsupportedCondition names the fields of the specification that have no effect. It is absent
// when there are none.
const unsupportedCondition = "UnsupportedFields"

// describe fills the status from what was observed and returns what the gateway still waits for,
// "" when it is available.
func describe(gateway *v1alpha1.IstioMeshGateway, seen workload) (waiting string) {
	gateway.Status.GatewayAddress = addressesOf(seen.service)
	gateway.Status.ErrorMessage = ""
	waiting = waitingFor(seen)
	if waiting != "" {
		setState(gateway, v1alpha1.ConfigStateReconciling, string(v1alpha1.ConfigStateReconciling), waiting)
		return waiting
	}
	setState(gateway, v1alpha1.ConfigStateAvailable, string(v1alpha1.ConfigStateAvailable),
		fmt.Sprintf("the gateway runs with %d ready pods", seen.deployment.Status.ReadyReplicas))
	return ""
}

func waitingFor(seen workload) string {
	if seen.deployment == nil || seen.service == nil {
		return "the gateway is not created yet"
	}
	if ready, reason := kube.DeploymentReady(seen.deployment); !ready {
		return reason
	}
	if seen.service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(seen.service.Status.LoadBalancer.Ingress) == 0 {
		return fmt.Sprintf("Service %s/%s has no address of a load balancer yet", seen.service.Namespace, seen.service.Name)
	}
	return ""
}

// addressesOf are the addresses by which the Service is reached, in order: those of its load
// balancer, IP addresses as well as host names, or its cluster IPs where it is reached only from
// within the cluster.
func addressesOf(service *corev1.Service) []string {
	if service == nil {
		return nil
	}
	addresses := slices.Clone(service.Spec.ExternalIPs)
	switch service.Spec.Type {
	case corev1.ServiceTypeLoadBalancer:
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			addresses = append(addresses, ingress.IP, ingress.Hostname)
		}
	case corev1.ServiceTypeClusterIP:
		if service.Spec.ClusterIP != corev1.ClusterIPNone {
			addresses = append(addresses, service.Spec.ClusterIPs...)
		}
	}
	addresses = slices.DeleteFunc(addresses, func(address string) bool { return address == "" })
	slices.Sort(addresses)
	return slices.Compact(addresses)
}

// setState sets the state and the Ready condition together, so that they never disagree.
func setState(gateway *v1alpha1.IstioMeshGateway, state v1alpha1.ConfigState, reason, message string) {
	gateway.Status.Status = state
	gateway.Status.ObservedGeneration = gateway.Generation
	ready := metav1.ConditionFalse
	if state == v1alpha1.ConfigStateAvailable {
		ready = metav1.ConditionTrue
	}
	kube.SetReady(&gateway.Status.Conditions, gateway.Generation, ready, reason, message)
	describeUnsupported(gateway)
}

func describeUnsupported(gateway *v1alpha1.IstioMeshGateway) {
	fields := Unsupported(gateway)
	if len(fields) == 0 {
		meta.RemoveStatusCondition(&gateway.Status.Conditions, unsupportedCondition)
		return
	}
	meta.SetStatusCondition(&gateway.Status.Conditions, metav1.Condition{
		Type:               unsupportedCondition,
		Status:             metav1.ConditionTrue,
		ObservedGeneration: gateway.Generation,
		Reason:             "FieldsWithoutEffect",
		Message:            "these fields have no effect: " + strings.Join(fields, ", "),
	})
}
