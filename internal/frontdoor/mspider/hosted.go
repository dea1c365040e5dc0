package mspider

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// Ports of istiod.
const (
	istiodPort  = 15012
	webhookPort = 15017
)

// HostedName is the documented name of the Service by which other clusters reach a hosted control plane.
func HostedName(mesh string) string { return "istiod-" + mesh + "-hosted-lb" }

// hosted is that Service. The port 443 leads to the injection webhook, as it does inside of the cluster.
func hosted(icp *v1alpha1.IstioControlPlane) *corev1.Service {
	port := func(name string, number, target int32) corev1.ServicePort {
		return corev1.ServicePort{Name: name, Protocol: corev1.ProtocolTCP, Port: number, TargetPort: intstr.FromInt32(target)}
	}
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: icp.Namespace, Name: HostedName(icp.Name), Labels: map[string]string{"app": "istiod"}},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeLoadBalancer,
			Selector: map[string]string{"app": "istiod", istio.RevisionLabel: icp.Name},
			Ports: []corev1.ServicePort{
				port("tls-istiod", istiodPort, istiodPort),
				port("https-webhook", 443, webhookPort),
				port("https-webhook-direct", webhookPort, webhookPort),
			},
		},
	}
}
