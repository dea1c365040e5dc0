package checks

import (
	"fmt"
	"slices"
	"strconv"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshmanager/smm/internal/validation"
)

func routeKinds() []validation.Kind {
	return of(validation.HTTPRoute, validation.GRPCRoute, validation.TLSRoute, validation.TCPRoute)
}

// route is what checks read of a route of any kind.
type route struct {
	kind      string
	parents   []gatewayv1.ParentReference
	hostnames []gatewayv1.Hostname
	backends  []backend
}

type backend struct {
	gatewayv1.BackendObjectReference
	field string
}

func routeOf(o *validation.Object) route {
	var r route
	add := func(field string, reference gatewayv1.BackendObjectReference) {
		r.backends = append(r.backends, backend{reference, field})
	}
	switch spec := o.Spec.(type) {
	case *gatewayv1.HTTPRouteSpec:
		r.kind, r.parents, r.hostnames = "HTTPRoute", spec.ParentRefs, spec.Hostnames
		for i, rule := range spec.Rules {
			for j, reference := range rule.BackendRefs {
				add(fmt.Sprintf("rules[%d].backendRefs[%d]", i, j), reference.BackendObjectReference)
			}
			for j, filter := range rule.Filters {
				if filter.RequestMirror != nil {
					add(fmt.Sprintf("rules[%d].filters[%d].requestMirror.backendRef", i, j), filter.RequestMirror.BackendRef)
				}
			}
		}
	case *gatewayv1.GRPCRouteSpec:
		r.kind, r.parents, r.hostnames = "GRPCRoute", spec.ParentRefs, spec.Hostnames
		for i, rule := range spec.Rules {
			for j, reference := range rule.BackendRefs {
				add(fmt.Sprintf("rules[%d].backendRefs[%d]", i, j), reference.BackendObjectReference)
			}
		}
	case *gatewayv1.TLSRouteSpec:
		r.kind, r.parents, r.hostnames = "TLSRoute", spec.ParentRefs, spec.Hostnames
		for i, rule := range spec.Rules {
			for j, reference := range rule.BackendRefs {
				add(fmt.Sprintf("rules[%d].backendRefs[%d]", i, j), reference.BackendObjectReference)
			}
		}
	case *gatewayv1.TCPRouteSpec:
		r.kind, r.parents = "TCPRoute", spec.ParentRefs
		for i, rule := range spec.Rules {
			for j, reference := range rule.BackendRefs {
				add(fmt.Sprintf("rules[%d].backendRefs[%d]", i, j), reference.BackendObjectReference)
			}
		}
	}
	return r
}

// parent is one parent of a route: a gateway, nil when there is none, or a Service, which counts as known.
type parent struct {
	gatewayv1.ParentReference
	field   string
	name    string // <namespace>/<name>
	gateway *validation.Object
}

// gatewayParents are those parents of a route that are gateways.
func gatewayParents(v validation.View, o *validation.Object) []parent {
	var found []parent
	for i, reference := range routeOf(o).parents {
		if reference.Kind != nil && *reference.Kind != "Gateway" {
			continue
		}
		namespace := namespaceOr(reference.Namespace, o.Namespace)
		found = append(found, parent{
			ParentReference: reference, field: fmt.Sprintf("parentRefs[%d]", i), name: namespace + "/" + string(reference.Name),
			gateway: v.Get(validation.KubernetesGateway, namespace, string(reference.Name)),
		})
	}
	return found
}

func unknownParent() validation.Check {
	return validation.Check{
		ID:       "route/parent/unknown",
		Severity: validation.Error,
		Message:  "the gateway that the route is for does not exist",
		Cause:    "A route takes effect on its parents only.",
		Mend:     "Correct name and namespace in parentRefs, or create the gateway.",
		Subjects: routeKinds(),
		Reads:    of(validation.KubernetesGateway),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.Knows(validation.KubernetesGateway) {
				return
			}
			for _, p := range gatewayParents(v, o) {
				if p.gateway == nil {
					report(validation.At(p.field, values("gateway", p.name)))
				}
			}
		},
	}
}

func unknownListener() validation.Check {
	return validation.Check{
		ID:       "route/parent/no-listener",
		Severity: validation.Error,
		Message:  "no listener of the gateway takes the route",
		Cause:    "The gateway has no listener of the name or port that the route asks for, or none whose host name fits those of the route.",
		Mend:     "Correct sectionName, port or hostnames of the route, or add a listener.",
		Subjects: routeKinds(),
		Reads:    of(validation.KubernetesGateway),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			names := routeOf(o).hostnames
			for _, p := range gatewayParents(v, o) {
				if p.gateway == nil {
					continue
				}
				if !slices.ContainsFunc(listenersOf(p), func(l gatewayv1.Listener) bool { return intersect(hostname(l.Hostname), names) }) {
					report(validation.At(p.field, values("gateway", p.name)))
				}
			}
		},
	}
}

// listenersOf are the listeners that a parent reference means.
func listenersOf(p parent) []gatewayv1.Listener {
	var found []gatewayv1.Listener
	for _, listener := range validation.SpecOf[*gatewayv1.GatewaySpec](p.gateway).Listeners {
		if (p.SectionName == nil || *p.SectionName == listener.Name) && (p.Port == nil || *p.Port == listener.Port) {
			found = append(found, listener)
		}
	}
	return found
}

func refusedRoute() validation.Check {
	return validation.Check{
		ID:       "route/parent/not-allowed",
		Severity: validation.Error,
		Message:  "the gateway takes no routes of this namespace",
		Cause:    "Listeners take routes of their own namespace only, unless allowedRoutes says otherwise.",
		Mend:     "Allow the namespace in allowedRoutes of the listener, or move the route.",
		Subjects: routeKinds(),
		Reads:    of(validation.KubernetesGateway),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for _, p := range gatewayParents(v, o) {
				if p.gateway == nil || p.gateway.Namespace == o.Namespace || len(listenersOf(p)) == 0 {
					continue
				}
				if !slices.ContainsFunc(listenersOf(p), openToOthers) {
					report(validation.At(p.field, values("gateway", p.name)))
				}
			}
		},
	}
}

// openToOthers tells whether a listener may take routes of other namespaces.
func openToOthers(listener gatewayv1.Listener) bool {
	allowed := listener.AllowedRoutes
	return allowed != nil && allowed.Namespaces != nil && allowed.Namespaces.From != nil &&
		*allowed.Namespaces.From != gatewayv1.NamespacesFromSame && *allowed.Namespaces.From != gatewayv1.NamespacesFromNone
}

func unknownBackend() validation.Check {
	return validation.Check{
		ID:       "route/backend/unknown",
		Severity: validation.Error,
		Message:  "the service that the route sends requests to does not exist, or has no such port",
		Cause:    "Requests for this backend are answered with 500.",
		Mend:     "Correct name, namespace and port of the backend.",
		Subjects: routeKinds(),
		Reads:    of(validation.Service),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.Knows(validation.Service) {
				return
			}
			for _, b := range serviceBackends(o) {
				namespace := namespaceOr(b.Namespace, o.Namespace)
				context := values("service", namespace+"/"+string(b.Name))
				switch service := serviceAnywhere(v, namespace, string(b.Name)); {
				case service == nil:
					report(validation.At(b.field, context))
				case b.Port != nil && !servicePort(service, *b.Port):
					context["port"] = strconv.Itoa(int(*b.Port))
					report(validation.At(b.field+".port", context))
				}
			}
		},
	}
}

// serviceBackends are the backends of a route that are Services.
func serviceBackends(o *validation.Object) []backend {
	return slices.DeleteFunc(routeOf(o).backends, func(b backend) bool {
		return b.Kind != nil && *b.Kind != "Service" || b.Group != nil && *b.Group != ""
	})
}

func serviceAnywhere(v validation.View, namespace, name string) *validation.Object {
	for _, cluster := range v.Clusters() {
		if o := v.At(cluster).Get(validation.Service, namespace, name); o != nil {
			return o
		}
	}
	return nil
}

func servicePort(o *validation.Object, number gatewayv1.PortNumber) bool {
	for _, port := range serviceOf(o).Ports {
		if port.Port == number {
			return true
		}
	}
	return false
}

func backendNotGranted() validation.Check {
	return validation.Check{
		ID:       "route/backend/not-granted",
		Severity: validation.Error,
		Message:  "no ReferenceGrant lets the route send requests to another namespace",
		Cause:    "A route may refer to services of other namespaces only where these allow it. Requests for this backend are answered with 500.",
		Mend:     "Create a ReferenceGrant in the namespace of the service.",
		Subjects: routeKinds(),
		Reads:    of(validation.ReferenceGrant),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.Live() && len(v.Objects(validation.ReferenceGrant)) == 0 && !v.Knows(validation.Service) {
				return
			}
			kind := routeOf(o).kind
			for _, b := range serviceBackends(o) {
				namespace := namespaceOr(b.Namespace, o.Namespace)
				if namespace != o.Namespace && !granted(v, o, kind, namespace, "Service", string(b.Name)) {
					report(validation.At(b.field, values("service", namespace+"/"+string(b.Name))))
				}
			}
		},
	}
}
