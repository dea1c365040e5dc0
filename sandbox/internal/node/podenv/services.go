package podenv

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/v1/helper"
	"k8s.io/kubernetes/pkg/kubelet/envvars"
)

// ServiceVariables are the variables that tell a pod of the namespace where services are: the API server
// always, the namespace's own services if the pod wants links to them.
func ServiceVariables(services []*corev1.Service, namespace string, links bool) map[string]string {
	visible := map[string]*corev1.Service{}
	for _, s := range services {
		if !helper.IsServiceIPSet(s) {
			continue
		}
		isAPIServer := s.Namespace == corev1.NamespaceDefault && s.Name == "kubernetes"
		switch {
		case links && s.Namespace == namespace:
			visible[s.Name] = s
		case isAPIServer && visible[s.Name] == nil:
			visible[s.Name] = s
		}
	}
	variables := map[string]string{}
	for _, s := range visible {
		for _, v := range envvars.FromServices([]*corev1.Service{s}) {
			variables[v.Name] = v.Value
		}
	}
	return variables
}
