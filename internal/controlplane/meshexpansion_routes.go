package controlplane

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// defaultClusterDomain is the DNS domain of a cluster unless told otherwise.
const defaultClusterDomain = "cluster.local"

// The ports of istiod's Service behind the gateway's.
const (
	istiodServicePort  = 15012
	webhookServicePort = 443
)

// expansionRoutes are the Istio resources by which the mesh expansion gateway passes connections
// on. It ends none of them: what is behind it presents its own certificate.
func expansionRoutes(icp *v1alpha1.IstioControlPlane) []*unstructured.Unstructured {
	exposed := exposuresOf(icp.Spec.MeshExpansion)
	var objects []*unstructured.Unstructured
	if exposed.services {
		objects = append(objects, crossNetworkGateway(icp))
	}
	if exposed.istiod || exposed.webhook {
		objects = append(objects, istiodGateway(icp, exposed), istiodRoute(icp, exposed), istiodPolicy(icp))
	}
	return objects
}

func networking(kind, name string, icp *v1alpha1.IstioControlPlane, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1",
		"kind":       kind,
		"metadata":   map[string]any{"name": name + "-" + icp.Name, "namespace": icp.Namespace},
		"spec":       spec,
	}}
}

func gatewaySpec(icp *v1alpha1.IstioControlPlane, servers ...any) map[string]any {
	revision := revisionOf(icp)
	return map[string]any{
		"selector": map[string]any{
			"gateway-name":      revision.ExpansionGateway(),
			"gateway-type":      string(v1alpha1.GatewayTypeIngress),
			istio.RevisionLabel: revision.Label(),
		},
		"servers": servers,
	}
}

func passthrough(name string, number int64, mode, host string) map[string]any {
	return map[string]any{
		"port":  map[string]any{"name": name, "number": number, "protocol": "TLS"},
		"tls":   map[string]any{"mode": mode},
		"hosts": []any{host},
	}
}

// crossNetworkGateway passes connections of peers' proxies on to the service that they name.
func crossNetworkGateway(icp *v1alpha1.IstioControlPlane) *unstructured.Unstructured {
	host := "*.local"
	if domain := clusterDomain(icp); domain != defaultClusterDomain {
		host = "*." + domain
	}
	return networking("Gateway", "istio-cross-network", icp, gatewaySpec(icp, passthrough("tls", meshPort, "AUTO_PASSTHROUGH", host)))
}

func istiodGateway(icp *v1alpha1.IstioControlPlane, exposed exposures) *unstructured.Unstructured {
	var servers []any
	if exposed.istiod {
		servers = append(servers, passthrough("tls-istiod", istiodPort, "PASSTHROUGH", "*"))
	}
	if exposed.webhook {
		servers = append(servers, passthrough("tls-istiodwebhook", webhookPort, "PASSTHROUGH", "*"))
	}
	return networking("Gateway", "istiod-expansion", icp, gatewaySpec(icp, servers...))
}

func istiodRoute(icp *v1alpha1.IstioControlPlane, exposed exposures) *unstructured.Unstructured {
	route := func(from, to int64) map[string]any {
		return map[string]any{
			"match": []any{map[string]any{"port": from, "sniHosts": []any{"*"}}},
			"route": []any{map[string]any{"destination": map[string]any{"host": istiodHost(icp), "port": map[string]any{"number": to}}}},
		}
	}
	var routes []any
	if exposed.istiod {
		routes = append(routes, route(istiodPort, istiodServicePort))
	}
	if exposed.webhook {
		routes = append(routes, route(webhookPort, webhookServicePort))
	}
	return networking("VirtualService", "istiod-expansion", icp, map[string]any{
		"hosts":    []any{"*"},
		"gateways": []any{"istiod-expansion-" + icp.Name},
		"tls":      routes,
	})
}

// istiodPolicy keeps the gateway from wrapping connections to istiod into the mesh's own TLS, also
// where the mesh demands that of everything.
func istiodPolicy(icp *v1alpha1.IstioControlPlane) *unstructured.Unstructured {
	plain := func(port int64) map[string]any {
		return map[string]any{"port": map[string]any{"number": port}, "tls": map[string]any{"mode": "DISABLE"}}
	}
	return networking("DestinationRule", "istiod-expansion", icp, map[string]any{
		"host":     istiodHost(icp),
		"exportTo": []any{"."},
		"trafficPolicy": map[string]any{
			"portLevelSettings": []any{plain(istiodServicePort), plain(webhookServicePort)},
		},
	})
}

func istiodHost(icp *v1alpha1.IstioControlPlane) string {
	return revisionOf(icp).IstiodHost() + "." + clusterDomain(icp)
}

func clusterDomain(icp *v1alpha1.IstioControlPlane) string {
	if icp.Spec.Proxy == nil {
		return defaultClusterDomain
	}
	return orDefault(icp.Spec.Proxy.ClusterDomain, defaultClusterDomain)
}
