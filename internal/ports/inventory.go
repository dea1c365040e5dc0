package ports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Listener is something with ports: a Service, or the pods of a workload on their nodes.
type Listener struct {
	// Namespace and Name are those of the Service or the workload.
	Namespace, Name string
	// OnNodes tells that the ports are those of nodes.
	OnNodes bool
	// Description says what the listener is.
	Description string
	Ports       []Port
}

// Port is one port of a listener.
type Port struct {
	Name     string
	Number   int32
	Protocol corev1.Protocol
	// Use says what the port is for.
	Use string
}

// Of lists what of the objects has ports, by namespace and name. Nothing of it is described yet.
func Of(objects []*unstructured.Unstructured) ([]Listener, error) {
	var listeners []Listener
	for _, object := range objects {
		listener := Listener{Namespace: object.GetNamespace(), Name: object.GetName()}
		var err error
		switch object.GetKind() {
		case "Service":
			listener.Ports, err = ofService(object)
		case "DaemonSet", "Deployment":
			listener.OnNodes = true
			listener.Ports, err = ofNodes(object)
		}
		if err != nil {
			return nil, fmt.Errorf("read the ports of %s %s/%s: %w", object.GetKind(), object.GetNamespace(), object.GetName(), err)
		}
		if len(listener.Ports) > 0 {
			listeners = append(listeners, listener)
		}
	}
	slices.SortFunc(listeners, func(a, b Listener) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return listeners, nil
}

func ofService(object *unstructured.Unstructured) ([]Port, error) {
	var service corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &service); err != nil {
		return nil, err
	}
	var ports []Port
	for _, port := range service.Spec.Ports {
		ports = append(ports, Port{Name: port.Name, Number: port.Port, Protocol: cmp.Or(port.Protocol, corev1.ProtocolTCP)})
	}
	return ports, nil
}

// ofNodes are the ports that a workload's pods open on their nodes.
func ofNodes(object *unstructured.Unstructured) ([]Port, error) {
	content, found, err := unstructured.NestedMap(object.Object, "spec", "template", "spec")
	if err != nil || !found {
		return nil, err
	}
	var pod corev1.PodSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, &pod); err != nil {
		return nil, err
	}
	var ports []Port
	for _, container := range pod.Containers {
		for _, port := range container.Ports {
			number := port.HostPort
			if pod.HostNetwork {
				number = port.ContainerPort
			}
			if number > 0 {
				ports = append(ports, Port{Name: port.Name, Number: number, Protocol: cmp.Or(port.Protocol, corev1.ProtocolTCP)})
			}
		}
	}
	return ports, nil
}
