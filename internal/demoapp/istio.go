package demoapp

import (
	networkingv1alpha3 "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// istioResources route calls of movies to its three versions. Where no sidecar does it by itself, they tell callers to
// use mutual TLS, which belongs to the services rather than to their routing.
func istioResources(o Options) []runtime.Object {
	var resources []runtime.Object
	for _, component := range Components() {
		mutualTLS := o.Proxyless && component.databasePort() == 0
		if mutualTLS || o.IstioResources && component == Movies {
			resources = append(resources, destinationRule(o, component, mutualTLS))
		}
	}
	if o.IstioResources {
		resources = append(resources, moviesRoute(o))
	}
	return resources
}

func destinationRule(o Options, component Component, mutualTLS bool) *networkingv1.DestinationRule {
	rule := &networkingv1.DestinationRule{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.istio.io/v1", Kind: "DestinationRule"},
		ObjectMeta: objectMeta(o, string(component)),
		Spec:       networkingv1alpha3.DestinationRule{Host: o.host(component)},
	}
	if mutualTLS {
		rule.Spec.TrafficPolicy = &networkingv1alpha3.TrafficPolicy{
			Tls: &networkingv1alpha3.ClientTLSSettings{Mode: networkingv1alpha3.ClientTLSSettings_ISTIO_MUTUAL},
		}
	}
	if component == Movies {
		for _, version := range versions(Movies) {
			rule.Spec.Subsets = append(rule.Spec.Subsets, &networkingv1alpha3.Subset{
				Name: version, Labels: map[string]string{"version": version},
			})
		}
	}
	return rule
}

// moviesRoute gives each version of movies an equal share of the calls to each of its ports.
func moviesRoute(o Options) *networkingv1.VirtualService {
	return &networkingv1.VirtualService{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.istio.io/v1", Kind: "VirtualService"},
		ObjectMeta: objectMeta(o, string(Movies)),
		Spec: networkingv1alpha3.VirtualService{
			Hosts: []string{o.host(Movies)},
			Http:  []*networkingv1alpha3.HTTPRoute{equalShares(o, portHTTP), equalShares(o, portGRPC)},
		},
	}
}

// equalShares routes the calls to one port; the last version gets what is left of a hundred.
func equalShares(o Options, port uint32) *networkingv1alpha3.HTTPRoute {
	all := versions(Movies)
	route := &networkingv1alpha3.HTTPRoute{Match: []*networkingv1alpha3.HTTPMatchRequest{{Port: port}}}
	for i, version := range all {
		weight := int32(100 / len(all))
		if i == len(all)-1 {
			weight = 100 - weight*int32(i)
		}
		route.Route = append(route.Route, &networkingv1alpha3.HTTPRouteDestination{
			Destination: &networkingv1alpha3.Destination{
				Host: o.host(Movies), Subset: version, Port: &networkingv1alpha3.PortSelector{Number: port},
			},
			Weight: weight,
		})
	}
	return route
}

func versions(component Component) []string {
	var list []string
	for _, w := range workloads() {
		if w.component == component {
			list = append(list, w.version)
		}
	}
	return list
}
