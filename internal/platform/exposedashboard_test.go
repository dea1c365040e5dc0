package platform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"

	"github.com/meshmanager/smm/internal/istio"
)

// exposure is what decides how the dashboard is reached.
type exposure struct {
	Type, Ports, Servers, Hostname string
	Route                          bool
}

// The documented ways to expose the dashboard each make a gateway with the right Service, ports and encryption.
func TestTheDashboardIsExposedAsDocumented(t *testing.T) {
	for name, test := range map[string]struct {
		gateway, more string // settings of the gateway, and of smm
		want          exposure
		problem       string
	}{
		"by default": {"{}", "", exposure{Type: "LoadBalancer", Ports: "http2:80>8080 ", Servers: "http:80/HTTP ", Route: true}, ""},
		"own certificate": {"{service: {annotations: {external-dns.alpha.kubernetes.io/hostname: smm.example.org.}}, tls: {enabled: true, credentialName: my-own-secret}}", "", exposure{
			Type: "LoadBalancer", Ports: "http2:80>8080 https:443>8443 ", Servers: "http:80/HTTP https:443/HTTPS(SIMPLE my-own-secret) ",
			Hostname: "smm.example.org.", Route: true,
		}, ""},
		"the load balancer decrypts": {"{tls: {enabled: true, externalTermination: true}}", "", exposure{
			Type: "LoadBalancer", Ports: "http2:80>8080 https:443>8443 ", Servers: "http:80/HTTP http-terminated:443/HTTP ", Route: true,
		}, ""},
		"ports on nodes": {"{service: {type: NodePort, nodePorts: {http: 40080, https: 40443}}, tls: {enabled: true, credentialName: a}}", "", exposure{
			Type: "NodePort", Ports: "http2:80>8080@40080 https:443>8443@40443 ", Servers: "http:80/HTTP https:443/HTTPS(SIMPLE a) ", Route: true,
		}, ""},
		"no Istio resources":    {"{}", "useIstioResources: false", exposure{Type: "LoadBalancer", Ports: "http2:80>8080 "}, ""},
		"no server to expose":   {"{}", "application: {enabled: false}", exposure{}, ""},
		"Let's Encrypt":         {"{tls: {enabled: true, letsEncrypt: {enabled: true, dnsNames: [smm.example.org]}}}", "", exposure{}, "asks no authority for certificates"},
		"nothing to encrypt by": {"{tls: {enabled: true}}", "", exposure{}, "name the Secret with the certificate in credentialName"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := "smm:\n  enabled: true\n  exposeDashboard:\n    meshGateway: " + strings.Replace(test.gateway, "{", "{enabled: true, ", 1) + "\n"
			if !strings.Contains(test.more, "application") {
				spec += "  application: {enabled: true}\n"
			}
			objects, err := Components(controlPlane(t, spec+"  "+test.more), istio.Builtin())
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v, want one with %q", err, test.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, exposureOf(t, objects)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func exposureOf(t *testing.T, objects []*unstructured.Unstructured) exposure {
	t.Helper()
	var seen exposure
	for _, object := range objects {
		if object.GetName() != "smm-ingressgateway-external" {
			continue
		}
		switch object.GetKind() {
		case "IstioMeshGateway":
			seen.Type = text(t, object, "{.spec.service.type}")
			seen.Hostname = text(t, object, `{.spec.service.metadata.annotations.external-dns\.alpha\.kubernetes\.io/hostname}`)
			ports, _, _ := unstructured.NestedSlice(object.Object, "spec", "service", "ports")
			for _, port := range ports {
				one := &unstructured.Unstructured{Object: port.(map[string]any)}
				seen.Ports += text(t, one, "{.name}:{.port}>{.targetPort}")
				if on := text(t, one, "{.nodePort}"); on != "" {
					seen.Ports += "@" + on
				}
				seen.Ports += " "
			}
		case "Gateway":
			servers, _, _ := unstructured.NestedSlice(object.Object, "spec", "servers")
			for _, server := range servers {
				one := &unstructured.Unstructured{Object: server.(map[string]any)}
				seen.Servers += text(t, one, "{.port.name}:{.port.number}/{.port.protocol}")
				if tls := text(t, one, "{.tls.mode} {.tls.credentialName}"); tls != " " {
					seen.Servers += "(" + tls + ")"
				}
				seen.Servers += " "
			}
		case "VirtualService":
			seen.Route = text(t, object, "{.spec.gateways[0]} {.spec.http[0].route[0].destination.host} {.metadata.namespace}") ==
				"smm-system/smm-ingressgateway-external smm-application smm-system"
		}
	}
	return seen
}

// text is what a JSONPath finds in an object.
func text(t *testing.T, object *unstructured.Unstructured, path string) string {
	t.Helper()
	query := jsonpath.New(path).AllowMissingKeys(true)
	if err := query.Parse(path); err != nil {
		t.Fatal(err)
	}
	var found strings.Builder
	if err := query.Execute(&found, object.Object); err != nil {
		t.Fatal(err)
	}
	return found.String()
}
