package conformance

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Rules over several fields are checked by the API server itself, so that the user hears of a mistake at once.
func TestRules(t *testing.T) {
	name35 := strings.Repeat("a", 35)
	vault := "{istiod: {ca: {vault: {enabled: %t, address: 'https://vault:8200'}}}}"
	gateway := "{type: ingress, istioControlPlane: {name: cp, namespace: istio-system}, service: %s}"
	service := "{type: ClusterIP, ports: [{port: 80}]}"
	tests := map[string]struct {
		kind, name, spec string
		problem          string // part of the refusal; empty when the resource is accepted
	}{
		"longest name":           {"IstioControlPlane", name35, "{}", ""},
		"name too long":          {"IstioControlPlane", name35 + "a", "{}", "at most 35 characters"},
		"name with a dot":        {"IstioControlPlane", "cp.v1", "{}", "becomes Istio's revision"},
		"name with a digit":      {"IstioControlPlane", "1-cp", "{}", ""},
		"peer of any name":       {"PeerIstioControlPlane", name35 + "a.cluster-2", "{}", ""},
		"replicas":               {"IstioControlPlane", "cp", "{istiod: {deployment: {replicas: {min: 2, max: 2}}}}", ""},
		"replicas upside down":   {"IstioControlPlane", "cp", "{istiod: {deployment: {replicas: {min: 3, max: 2}}}}", "max must not be less than min"},
		"budget":                 {"IstioControlPlane", "cp", "{istiod: {deployment: {podDisruptionBudget: {maxUnavailable: 1}}}}", ""},
		"budget both ways":       {"IstioControlPlane", "cp", "{istiod: {deployment: {podDisruptionBudget: {minAvailable: 1, maxUnavailable: 50%}}}}", "exclude each other"},
		"vault prepared":         {"IstioControlPlane", "cp", fmt.Sprintf(vault, false), ""},
		"vault incomplete":       {"IstioControlPlane", "cp", fmt.Sprintf(vault, true), "are needed when vault is enabled"},
		"gateway":                {"IstioMeshGateway", "gw", fmt.Sprintf(gateway, service), ""},
		"gateway name with dot":  {"IstioMeshGateway", "gw.a", fmt.Sprintf(gateway, service), "becomes that of a Service"},
		"gateway name too long":  {"IstioMeshGateway", strings.Repeat("a", 64), fmt.Sprintf(gateway, service), "becomes that of a Service"},
		"gateway without ports":  {"IstioMeshGateway", "gw", fmt.Sprintf(gateway, "{type: ClusterIP}"), "ports needs at least one entry"},
		"gateway with no port":   {"IstioMeshGateway", "gw", fmt.Sprintf(gateway, "{type: ClusterIP, ports: []}"), "ports needs at least one entry"},
		"gateway without type":   {"IstioMeshGateway", "gw", fmt.Sprintf(gateway, "{ports: [{port: 80}]}"), "type is required"},
		"demo load":              {"DemoApplication", "demo", "{load: {minRPS: 10, maxRPS: 30}}", ""},
		"demo load upside down":  {"DemoApplication", "demo", "{load: {minRPS: 30, maxRPS: 10}}", "maxRPS must not be less than minRPS"},
		"misspelled field":       {"IstioControlPlane", "cp", "{meshConfg: {}}", `unknown field "spec.meshConfg"`},
		"unknown in mesh config": {"IstioControlPlane", "cp", "{meshConfig: {unheardOf: {}}}", ""},
	}
	groups := map[string]string{"DemoApplication": "smm.cisco.com"}
	c := start(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			group := groups[test.kind]
			if group == "" {
				group = "servicemesh.cisco.com"
			}
			object := parse(t, fmt.Sprintf("{apiVersion: %s/v1alpha1, kind: %s, metadata: {name: '%s', namespace: default}, spec: %s}",
				group, test.kind, test.name, test.spec))
			_, err := c.resource(t, object).Create(t.Context(), object, metav1.CreateOptions{
				FieldValidation: metav1.FieldValidationStrict,
				DryRun:          []string{metav1.DryRunAll},
			})
			switch {
			case test.problem == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)):
				t.Errorf("error %v, want one with %q", err, test.problem)
			}
		})
	}
}
