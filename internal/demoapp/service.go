package demoapp

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The documented ports of every service that is no database. The control port is of no Service: it is for the cluster's
// operators, who reach it by pod.
const (
	portHTTP    = 8080
	portControl = 8081
	portGRPC    = 8082
	portTCP     = 8083
)

func service(o Options, component Component) *corev1.Service {
	s := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: objectMeta(o, string(component)),
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": string(component)}},
	}
	s.Labels["app"] = string(component)
	if port := component.databasePort(); port != 0 {
		s.Spec.Ports = []corev1.ServicePort{servicePort("tcp-"+string(component), port)}
		return s
	}
	s.Spec.Ports = []corev1.ServicePort{servicePort("http", portHTTP), servicePort("grpc", portGRPC), servicePort("tcp", portTCP)}
	return s
}

// servicePort is a port whose name tells Istio the protocol.
func servicePort(name string, port int32) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: port, TargetPort: intstr.FromInt32(port), Protocol: corev1.ProtocolTCP}
}
