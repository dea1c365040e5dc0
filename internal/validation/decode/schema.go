// Package decode turns the JSON of Kubernetes objects into what checks read of them, and drops the rest.
package decode

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	extensions "istio.io/api/extensions/v1alpha1"
	istiometa "istio.io/api/meta/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1beta1 "istio.io/api/networking/v1beta1"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/validation"
)

// Schema says how objects of one kind are listed and decoded.
type Schema struct {
	Kind       validation.Kind
	Resource   schema.GroupVersionResource // the version that clusters of today serve
	Name       string                      // of the kind in manifests: VirtualService
	Namespaced bool
	decode     func(envelope, []byte) (spec, status any, err error)
}

// Schemas returns the schema of every kind that checks read from clusters and files.
func Schemas() []Schema {
	const network, secure = "networking.istio.io", "security.istio.io"
	const routes = "gateway.networking.k8s.io"
	const ours = "servicemesh.cisco.com"
	return []Schema{
		namespaced(validation.AuthorizationPolicy, secure, "v1", "authorizationpolicies", "AuthorizationPolicy", istio[security.AuthorizationPolicy]),
		namespaced(validation.DestinationRule, network, "v1", "destinationrules", "DestinationRule", istio[networking.DestinationRule]),
		namespaced(validation.EnvoyFilter, network, "v1alpha3", "envoyfilters", "EnvoyFilter", istio[networking.EnvoyFilter]),
		namespaced(validation.Gateway, network, "v1", "gateways", "Gateway", istio[networking.Gateway]),
		namespaced(validation.PeerAuthentication, secure, "v1", "peerauthentications", "PeerAuthentication", istio[security.PeerAuthentication]),
		namespaced(validation.ProxyConfig, network, "v1beta1", "proxyconfigs", "ProxyConfig", istio[networkingv1beta1.ProxyConfig]),
		namespaced(validation.RequestAuthentication, secure, "v1", "requestauthentications", "RequestAuthentication", istio[security.RequestAuthentication]),
		namespaced(validation.ServiceEntry, network, "v1", "serviceentries", "ServiceEntry", spec[networking.ServiceEntry, networking.ServiceEntryStatus]),
		namespaced(validation.Sidecar, network, "v1", "sidecars", "Sidecar", istio[networking.Sidecar]),
		namespaced(validation.Telemetry, "telemetry.istio.io", "v1", "telemetries", "Telemetry", istio[telemetry.Telemetry]),
		namespaced(validation.VirtualService, network, "v1", "virtualservices", "VirtualService", istio[networking.VirtualService]),
		namespaced(validation.WasmPlugin, "extensions.istio.io", "v1alpha1", "wasmplugins", "WasmPlugin", istio[extensions.WasmPlugin]),
		namespaced(validation.WorkloadEntry, network, "v1", "workloadentries", "WorkloadEntry", istio[networking.WorkloadEntry]),
		namespaced(validation.WorkloadGroup, network, "v1", "workloadgroups", "WorkloadGroup", istio[networking.WorkloadGroup]),

		clusterWide(validation.GatewayClass, routes, "v1", "gatewayclasses", "GatewayClass", spec[gatewayv1.GatewayClassSpec, gatewayv1.GatewayClassStatus]),
		namespaced(validation.KubernetesGateway, routes, "v1", "gateways", "Gateway", spec[gatewayv1.GatewaySpec, gatewayv1.GatewayStatus]),
		namespaced(validation.HTTPRoute, routes, "v1", "httproutes", "HTTPRoute", spec[gatewayv1.HTTPRouteSpec, gatewayv1.HTTPRouteStatus]),
		namespaced(validation.GRPCRoute, routes, "v1", "grpcroutes", "GRPCRoute", spec[gatewayv1.GRPCRouteSpec, gatewayv1.GRPCRouteStatus]),
		namespaced(validation.TLSRoute, routes, "v1", "tlsroutes", "TLSRoute", spec[gatewayv1.TLSRouteSpec, gatewayv1.TLSRouteStatus]),
		namespaced(validation.TCPRoute, routes, "v1", "tcproutes", "TCPRoute", spec[gatewayv1.TCPRouteSpec, gatewayv1.TCPRouteStatus]),
		namespaced(validation.ReferenceGrant, routes, "v1beta1", "referencegrants", "ReferenceGrant", spec[gatewayv1beta1.ReferenceGrantSpec, struct{}]),

		namespaced(validation.ConfigMap, "", "v1", "configmaps", "ConfigMap", whole(trimConfigMap)),
		clusterWide(validation.Namespace, "", "v1", "namespaces", "Namespace", spec[corev1.NamespaceSpec, struct{}]),
		clusterWide(validation.Node, "", "v1", "nodes", "Node", bare[corev1.NodeSpec]),
		namespaced(validation.Pod, "", "v1", "pods", "Pod", pod),
		namespaced(validation.Secret, "", "v1", "secrets", "Secret", whole(trimSecret)),
		namespaced(validation.Service, "", "v1", "services", "Service", spec[corev1.ServiceSpec, corev1.ServiceStatus]),
		namespaced(validation.ServiceAccount, "", "v1", "serviceaccounts", "ServiceAccount", bare[struct{}]),
		namespaced(validation.EndpointSlice, "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", whole(trimEndpointSlice)),
		namespaced(validation.DaemonSet, "apps", "v1", "daemonsets", "DaemonSet", daemonSet),
		namespaced(validation.Deployment, "apps", "v1", "deployments", "Deployment", deployment),
		namespaced(validation.StatefulSet, "apps", "v1", "statefulsets", "StatefulSet", statefulSet),
		clusterWide(validation.CustomResourceDefinition, "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", definition),
		clusterWide(validation.MutatingWebhookConfiguration, "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", whole(keep[admissionv1.MutatingWebhookConfiguration])),
		clusterWide(validation.ValidatingWebhookConfiguration, "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", whole(keep[admissionv1.ValidatingWebhookConfiguration])),

		namespaced(validation.IstioControlPlane, ours, "v1alpha1", "istiocontrolplanes", "IstioControlPlane", spec[servicemeshv1alpha1.IstioControlPlaneSpec, servicemeshv1alpha1.IstioControlPlaneStatus]),
		namespaced(validation.IstioMeshGateway, ours, "v1alpha1", "istiomeshgateways", "IstioMeshGateway", spec[servicemeshv1alpha1.IstioMeshGatewaySpec, struct{}]),
		namespaced(validation.Certificate, "cert-manager.io", "v1", "certificates", "Certificate", spec[CertificateSpec, struct{}]),
	}
}

// CertificateSpec is what checks read of cert-manager's Certificate.
type CertificateSpec struct {
	SecretName string `json:"secretName"`
}

type decoder func(envelope, []byte) (spec, status any, err error)

func namespaced(kind validation.Kind, group, version, plural, name string, decode decoder) Schema {
	return Schema{
		Kind: kind, Resource: schema.GroupVersionResource{Group: group, Version: version, Resource: plural},
		Name: name, Namespaced: true, decode: decode,
	}
}

func clusterWide(kind validation.Kind, group, version, plural, name string, decode decoder) Schema {
	s := namespaced(kind, group, version, plural, name, decode)
	s.Namespaced = false
	return s
}

// istio decodes a custom resource of Istio's.
func istio[T any](e envelope, raw []byte) (any, any, error) {
	return spec[T, istiometa.IstioStatus](e, raw)
}

func deployment(e envelope, raw []byte) (any, any, error) {
	decoded, status, err := spec[appsv1.DeploymentSpec, struct{}](e, raw)
	if err == nil {
		trimPod(&decoded.(*appsv1.DeploymentSpec).Template.Spec)
	}
	return decoded, status, err
}

func statefulSet(e envelope, raw []byte) (any, any, error) {
	decoded, status, err := spec[appsv1.StatefulSetSpec, struct{}](e, raw)
	if err == nil {
		trimPod(&decoded.(*appsv1.StatefulSetSpec).Template.Spec)
		decoded.(*appsv1.StatefulSetSpec).VolumeClaimTemplates = nil
	}
	return decoded, status, err
}

func daemonSet(e envelope, raw []byte) (any, any, error) {
	decoded, status, err := spec[appsv1.DaemonSetSpec, struct{}](e, raw)
	if err == nil {
		trimPod(&decoded.(*appsv1.DaemonSetSpec).Template.Spec)
	}
	return decoded, status, err
}

func pod(e envelope, raw []byte) (any, any, error) {
	decoded, status, err := spec[corev1.PodSpec, corev1.PodStatus](e, raw)
	if err != nil {
		return nil, nil, err
	}
	trimPod(decoded.(*corev1.PodSpec))
	if s, ok := status.(*corev1.PodStatus); ok {
		status = &corev1.PodStatus{Phase: s.Phase, PodIP: s.PodIP}
	}
	return decoded, status, nil
}

// definition keeps names and versions of a custom resource definition: their schemas are most of a cluster's bytes.
func definition(e envelope, raw []byte) (any, any, error) {
	type version struct {
		Name    string `json:"name"`
		Served  bool   `json:"served"`
		Storage bool   `json:"storage"`
	}
	type names struct {
		Group    string                                        `json:"group"`
		Names    apiextensionsv1.CustomResourceDefinitionNames `json:"names"`
		Scope    apiextensionsv1.ResourceScope                 `json:"scope"`
		Versions []version                                     `json:"versions"`
	}
	decoded, _, err := spec[names, struct{}](e, raw)
	if err != nil {
		return nil, nil, err
	}
	n := decoded.(*names)
	kept := &apiextensionsv1.CustomResourceDefinitionSpec{Group: n.Group, Names: n.Names, Scope: n.Scope}
	for _, v := range n.Versions {
		kept.Versions = append(kept.Versions, apiextensionsv1.CustomResourceDefinitionVersion{Name: v.Name, Served: v.Served, Storage: v.Storage})
	}
	return kept, nil, nil
}

func trimEndpointSlice(slice *discoveryv1.EndpointSlice) {
	for i := range slice.Endpoints {
		slice.Endpoints[i].TargetRef = nil
	}
}
