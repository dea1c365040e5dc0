package platform

import (
	"cmp"
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// The ports of the dashboard's gateway, and those of its pods behind them.
const (
	dashboardHTTP, dashboardHTTPBehind   = 80, 8080
	dashboardHTTPS, dashboardHTTPSBehind = 443, 8443
)

// exposedDashboard is the part of smm by which the server is reached from outside the cluster: a
// gateway of its own, smm-ingressgateway-external, and the route from it to the server.
func exposedDashboard(catalogue istio.Catalogue) renderedComponent {
	return renderedComponent{
		key:    smmv1alpha1.ComponentExposeDashboard,
		wanted: wantsExposedDashboard,
		render: func(cp *smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error) {
			settings, err := smmSettingsOf(&cp.Spec)
			if err != nil || !wantsApplication(&cp.Spec) {
				return nil, err
			}
			exposed := settings.ExposeDashboard.MeshGateway
			if err := tlsProblem(exposed.TLS); err != nil {
				return nil, err
			}
			gateway := dashboardGateway(ingressGatewayOf(cp, settings, catalogue), exposed)
			objects, err := encode([]runtime.Object{gateway})
			if err != nil || isFalse(settings.UseIstioResources) {
				return objects, err
			}
			return append(objects, dashboardRoutes(gateway, exposed.TLS)...), nil
		},
	}
}

func wantsExposedDashboard(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return wantsSMM(spec) && spec.SMM.ExposeDashboard != nil && spec.SMM.ExposeDashboard.MeshGateway != nil &&
		isTrue(spec.SMM.ExposeDashboard.MeshGateway.Enabled)
}

// exposed is the component exposeDashboard, which has nothing to expose without the server.
type exposed struct{ meshed }

func (e exposed) install(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error) {
	now, err := e.meshed.install(ctx, cp, save)
	if now.status == smmv1alpha1.ComponentAvailable && !wantsApplication(&cp.Spec) {
		now = unmanaged("the component application serves the dashboard, and is switched off")
	}
	return now, err
}

// tlsProblem is what is missing of the settings of encryption.
func tlsProblem(tls *smmv1alpha1.DashboardTLS) error {
	if tls == nil || !isTrue(tls.Enabled) || isTrue(tls.ExternalTermination) || tls.CredentialName != "" {
		return nil
	}
	const path = "spec.smm.exposeDashboard.meshGateway.tls"
	if tls.LetsEncrypt != nil && isTrue(tls.LetsEncrypt.Enabled) {
		return errors.New(path + ".letsEncrypt: this version of the product asks no authority for certificates: have cert-manager do so, and name its Secret in credentialName")
	}
	return errors.New(path + ": name the Secret with the certificate in credentialName, or set externalTermination where the load balancer has it")
}

// dashboardGateway is the gateway, made after the one that the product has for itself.
func dashboardGateway(own *servicemeshv1alpha1.IstioMeshGateway, exposed *smmv1alpha1.DashboardGateway) *servicemeshv1alpha1.IstioMeshGateway {
	gateway := own.DeepCopy()
	gateway.Name += "-external"
	gateway.Labels = map[string]string{"app": gateway.Name}
	service := cmp.Or(exposed.Service, &smmv1alpha1.DashboardService{})
	nodePorts := cmp.Or(service.NodePorts, &smmv1alpha1.DashboardNodePorts{})
	gateway.Spec.Service.Type = cmp.Or(service.Type, corev1.ServiceTypeLoadBalancer)
	if len(service.Annotations) > 0 {
		gateway.Spec.Service.Metadata = &servicemeshv1alpha1.ObjectMetadata{Annotations: service.Annotations}
	}
	gateway.Spec.Service.Ports = []servicemeshv1alpha1.ServicePort{{
		Name: "http2", Port: dashboardHTTP, Protocol: corev1.ProtocolTCP, TargetPort: new(intstr.FromInt32(dashboardHTTPBehind)), NodePort: nodePorts.HTTP,
	}}
	if exposed.TLS != nil && isTrue(exposed.TLS.Enabled) {
		gateway.Spec.Service.Ports = append(gateway.Spec.Service.Ports, servicemeshv1alpha1.ServicePort{
			Name: "https", Port: dashboardHTTPS, Protocol: corev1.ProtocolTCP, TargetPort: new(intstr.FromInt32(dashboardHTTPSBehind)), NodePort: nodePorts.HTTPS,
		})
	}
	return gateway
}

// dashboardRoutes lead from the gateway to the server, which has no proxy and is spoken to in plain HTTP.
func dashboardRoutes(gateway *servicemeshv1alpha1.IstioMeshGateway, tls *smmv1alpha1.DashboardTLS) []*unstructured.Unstructured {
	servers := []any{dashboardServer("http", dashboardHTTP, "HTTP", nil)}
	switch {
	case tls == nil || !isTrue(tls.Enabled):
	case isTrue(tls.ExternalTermination):
		servers = append(servers, dashboardServer("http-terminated", dashboardHTTPS, "HTTP", nil))
	default:
		servers = append(servers, dashboardServer("https", dashboardHTTPS, "HTTPS", map[string]any{"mode": "SIMPLE", "credentialName": tls.CredentialName}))
	}
	return []*unstructured.Unstructured{
		istioResource("Gateway", gateway.Namespace, gateway.Name, map[string]any{
			"selector": map[string]any{"gateway-name": gateway.Name, "gateway-type": string(gateway.Spec.Type)},
			"servers":  servers,
		}),
		// Beside the server, whose name needs no domain there.
		istioResource("VirtualService", SystemNamespace, gateway.Name, map[string]any{
			"hosts":    []any{"*"},
			"gateways": []any{gateway.Namespace + "/" + gateway.Name},
			"http": []any{map[string]any{"route": []any{map[string]any{"destination": map[string]any{
				"host": ApplicationName, "port": map[string]any{"number": int64(ApplicationPort)},
			}}}}},
		}),
	}
}

func istioResource(kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": kind,
		"metadata": map[string]any{"namespace": namespace, "name": name},
		"spec":     spec,
	}}
}

func dashboardServer(name string, number int64, protocol string, tls map[string]any) map[string]any {
	server := map[string]any{
		"port":  map[string]any{"name": name, "number": number, "protocol": protocol},
		"hosts": []any{"*"},
	}
	if tls != nil {
		server["tls"] = tls
	}
	return server
}
