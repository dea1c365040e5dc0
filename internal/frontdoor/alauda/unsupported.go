package alauda

import (
	"fmt"
	"slices"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
)

// unsupported names, sorted, what of a mesh has no effect, and why.
func unsupported(spec *asmv1alpha1.ServiceMeshSpec) []string {
	var names []string
	for _, c := range spec.ComponentConfig {
		switch c.Name {
		case asmv1alpha1.ComponentIstiod, asmv1alpha1.ComponentEastWest, asmv1alpha1.ComponentIngress:
		case asmv1alpha1.ComponentCNI:
			if c.CNI != nil && c.CNI.Namespace != "" {
				names = append(names, "spec.componentConfig[istioCni].cni.namespace (the plugin runs beside istiod)")
			}
		default:
			names = append(names, fmt.Sprintf("spec.componentConfig[%s] (the product has no such component)", c.Name))
		}
	}
	for name, given := range map[string]bool{
		"spec.caConfig (the product's parts have no certificates of their own)": spec.CAConfig != nil,
		"spec.elasticsearch (the product keeps no traces)":                      spec.Elasticsearch != nil,
		"spec.ingressH2Enabled (gateways always speak HTTP/2)":                  isTrue(spec.IngressH2Enabled),
		"spec.kafka (the product keeps no traces)":                              spec.Kafka != nil && isTrue(spec.Kafka.Enabled),
		"spec.redis (the product has no global rate limits)":                    spec.Redis != nil && isTrue(spec.Redis.Enabled),
		"spec.istioSidecarInjectorPolicy (namespaces join by their labels)":     isTrue(spec.IstioSidecarInjectorPolicy),
	} {
		if given {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
