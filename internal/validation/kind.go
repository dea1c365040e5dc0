package validation

import "strings"

// Kind names a kind of object as the documented context keys do: <singular>.<group>, in lower case.
type Kind string

// The kinds that checks read.
const (
	AuthorizationPolicy   Kind = "authorizationpolicy.security.istio.io"
	DestinationRule       Kind = "destinationrule.networking.istio.io"
	EnvoyFilter           Kind = "envoyfilter.networking.istio.io"
	Gateway               Kind = "gateway.networking.istio.io"
	PeerAuthentication    Kind = "peerauthentication.security.istio.io"
	ProxyConfig           Kind = "proxyconfig.networking.istio.io"
	RequestAuthentication Kind = "requestauthentication.security.istio.io"
	ServiceEntry          Kind = "serviceentry.networking.istio.io"
	Sidecar               Kind = "sidecar.networking.istio.io"
	Telemetry             Kind = "telemetry.telemetry.istio.io"
	VirtualService        Kind = "virtualservice.networking.istio.io"
	WasmPlugin            Kind = "wasmplugin.extensions.istio.io"
	WorkloadEntry         Kind = "workloadentry.networking.istio.io"
	WorkloadGroup         Kind = "workloadgroup.networking.istio.io"

	GatewayClass      Kind = "gatewayclass.gateway.networking.k8s.io"
	KubernetesGateway Kind = "gateway.gateway.networking.k8s.io"
	HTTPRoute         Kind = "httproute.gateway.networking.k8s.io"
	GRPCRoute         Kind = "grpcroute.gateway.networking.k8s.io"
	TLSRoute          Kind = "tlsroute.gateway.networking.k8s.io"
	TCPRoute          Kind = "tcproute.gateway.networking.k8s.io"
	ReferenceGrant    Kind = "referencegrant.gateway.networking.k8s.io"

	ConfigMap                      Kind = "configmap"
	Namespace                      Kind = "namespace"
	Node                           Kind = "node"
	Pod                            Kind = "pod"
	Secret                         Kind = "secret"
	Service                        Kind = "service"
	ServiceAccount                 Kind = "serviceaccount"
	DaemonSet                      Kind = "daemonset.apps"
	Deployment                     Kind = "deployment.apps"
	StatefulSet                    Kind = "statefulset.apps"
	EndpointSlice                  Kind = "endpointslice.discovery.k8s.io"
	CustomResourceDefinition       Kind = "customresourcedefinition.apiextensions.k8s.io"
	MutatingWebhookConfiguration   Kind = "mutatingwebhookconfiguration.admissionregistration.k8s.io"
	ValidatingWebhookConfiguration Kind = "validatingwebhookconfiguration.admissionregistration.k8s.io"

	IstioControlPlane Kind = "istiocontrolplane.servicemesh.cisco.com"
	IstioMeshGateway  Kind = "istiomeshgateway.servicemesh.cisco.com"

	// Certificate is cert-manager's: the Secret that it names is there soon.
	Certificate Kind = "certificate.cert-manager.io"

	// Cluster stands for a cluster itself: one object, named as the cluster, whose Spec is a *ClusterFacts.
	Cluster Kind = "cluster"
	// ProxySync is what a control plane tells about one connected proxy: Spec is a *ProxyState.
	ProxySync Kind = "proxy"
)

// Short is the kind for people: "gateway" for Istio's Gateway. The Gateway API's keeps its group, as it is another kind.
func (k Kind) Short() string {
	if k == KubernetesGateway {
		return string(k)
	}
	short, _, _ := strings.Cut(string(k), ".")
	return short
}
