// Package podfield reads the values of a pod that its containers may see: the downward API.
package podfield

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/api/v1/resource"
	podhelper "k8s.io/kubernetes/pkg/apis/core/pods"
	"k8s.io/kubernetes/pkg/fieldpath"
)

// View is a pod as its containers see it.
type View struct {
	Pod *corev1.Pod
	// IP is the pod's address, which its object may not show yet.
	IP string
	// HostIP is the node's address.
	HostIP string
	// Machine is what a container without limits may use.
	Machine corev1.ResourceList
}

// Field returns the value of a field of the pod: of its metadata, spec or status.
func (v View) Field(ref *corev1.ObjectFieldSelector) (string, error) {
	path, _, err := podhelper.ConvertDownwardAPIFieldLabel(ref.APIVersion, ref.FieldPath, "")
	if err != nil {
		return "", fmt.Errorf("reading field %s of the pod: %w", ref.FieldPath, err)
	}
	switch path {
	case "spec.nodeName":
		return v.Pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return v.Pod.Spec.ServiceAccountName, nil
	case "status.hostIP", "status.hostIPs":
		return v.HostIP, nil
	case "status.podIP", "status.podIPs":
		return v.IP, nil
	}
	value, err := fieldpath.ExtractFieldPathAsString(v.Pod, path)
	if err != nil {
		return "", fmt.Errorf("reading field %s of the pod: %w", ref.FieldPath, err)
	}
	return value, nil
}

// Resource returns a request or limit of a container, the named one if the reference names none.
func (v View) Resource(container string, ref *corev1.ResourceFieldSelector) (string, error) {
	if ref.ContainerName != "" {
		container = ref.ContainerName
	}
	value, err := resource.ExtractResourceValueByContainerNameAndNodeAllocatable(ref, v.Pod, container, v.Machine)
	if err != nil {
		return "", fmt.Errorf("reading resource %s of container %s: %w", ref.Resource, container, err)
	}
	return value, nil
}
