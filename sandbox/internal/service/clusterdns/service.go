package clusterdns

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// ServiceNamespace and ServiceName name the Service under which users of any cluster know its DNS.
const (
	ServiceNamespace = metav1.NamespaceSystem
	ServiceName      = "kube-dns"
)

// EnsureService creates the Service kube-dns, which reserves the server's address, unless it exists.
func EnsureService(ctx context.Context, client kubernetes.Interface, server netip.AddrPort) error {
	services := client.CoreV1().Services(ServiceNamespace)
	// Creating it twice fails for its address, before its name is looked at.
	if _, err := services.Get(ctx, ServiceName, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return err
	}
	if _, err := services.Create(ctx, serviceObject(server), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create Service %s/%s: %w", ServiceNamespace, ServiceName, err)
	}
	return nil
}

// serviceObject is the Service as kubeadm makes it, less the selector: the server is not a pod.
func serviceObject(server netip.AddrPort) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: ServiceNamespace,
			Name:      ServiceName,
			Labels: map[string]string{
				"k8s-app":                       "kube-dns",
				"kubernetes.io/cluster-service": "true",
				"kubernetes.io/name":            "CoreDNS",
			},
		},
		Spec: corev1.ServiceSpec{
			ClusterIP: server.Addr().String(),
			Ports: []corev1.ServicePort{
				{Name: "dns", Port: int32(server.Port()), Protocol: corev1.ProtocolUDP},
				{Name: "dns-tcp", Port: int32(server.Port()), Protocol: corev1.ProtocolTCP},
			},
		},
	}
}
