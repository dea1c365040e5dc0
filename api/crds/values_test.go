package crds_test

import (
	"strings"
	"testing"
)

const (
	controlPlaneHead = "{apiVersion: servicemesh.cisco.com/v1alpha1, kind: IstioControlPlane, metadata: {name: cp}, spec: "
	gatewayHead      = "{apiVersion: servicemesh.cisco.com/v1alpha1, kind: IstioMeshGateway, metadata: {name: gw}, spec: "
	platformHead     = "{apiVersion: smm.cisco.com/v1alpha1, kind: ControlPlane, metadata: {name: smm}, spec: "
	demoHead         = "{apiVersion: smm.cisco.com/v1alpha1, kind: DemoApplication, metadata: {name: demo}, spec: "
)

// What an API server refuses cannot reach a reconciler, and the user hears of it at once.
func TestValues(t *testing.T) {
	tests := map[string]struct {
		resource string
		problem  string // part of the only problem; empty when the resource is accepted
	}{
		"nothing set":              {controlPlaneHead + "{}}", ""},
		"mode in lower case":       {controlPlaneHead + "{mode: active}}", "spec.mode"},
		"version":                  {controlPlaneHead + "{version: 1.31.1}}", ""},
		"version of a vendor":      {controlPlaneHead + "{version: 1.15.3-bzc.0}}", ""},
		"minor version":            {controlPlaneHead + "{version: '1.31'}}", ""},
		"version of another major": {controlPlaneHead + "{version: 2.0.0}}", "spec.version"},
		"version with a v":         {controlPlaneHead + "{version: v1.31.1}}", "spec.version"},
		"version as a number":      {controlPlaneHead + "{version: 1.31}}", "spec.version"},
		"misspelled field":         {controlPlaneHead + "{meshExpansoin: {enabled: true}}}", `unknown field "spec.meshExpansoin"`},
		"misspelled nested field":  {controlPlaneHead + "{istiod: {deployment: {replicas: {maximum: 1}}}}}", `unknown field "spec.istiod.deployment.replicas.maximum"`},
		"free mesh config":         {controlPlaneHead + "{meshConfig: {anything: {goes: [1, x]}}}}", ""},
		"mesh config as text":      {controlPlaneHead + "{meshConfig: 'a: b'}}", "spec.meshConfig"},
		"log levels":               {controlPlaneHead + "{logging: {level: 'default:info,ads:debug'}}}", ""},
		"log level without scope":  {controlPlaneHead + "{logging: {level: info}}}", "spec.logging.level"},
		"network name":             {controlPlaneHead + "{networkName: net_1.a-b}}", ""},
		"network name with blank":  {controlPlaneHead + "{networkName: 'net 1'}}", "spec.networkName"},
		"quantities":               {controlPlaneHead + "{proxy: {resources: {limits: {cpu: 1, memory: 1.5Gi}}}}}", ""},
		"bad quantity":             {controlPlaneHead + "{proxy: {resources: {limits: {cpu: much}}}}}", "spec.proxy.resources.limits.cpu"},
		"budget in percent":        {controlPlaneHead + "{istiod: {deployment: {podDisruptionBudget: {minAvailable: 50%}}}}}", ""},
		"sampling":                 {controlPlaneHead + "{istiod: {traceSampling: 0.5}}}", ""},
		"sampling over 100":        {controlPlaneHead + "{istiod: {traceSampling: 101}}}", "spec.istiod.traceSampling"},
		"overlay":                  {controlPlaneHead + "{k8sResourceOverlays: [{patches: [{path: /a/-, type: replace, value: x}, {path: '/b?', type: remove}]}]}}", ""},
		"overlay of another type":  {controlPlaneHead + "{k8sResourceOverlays: [{patches: [{path: /a, type: merge}]}]}}", "spec.k8sResourceOverlays[0].patches[0].type"},
		"template names twice":     {controlPlaneHead + "{sidecarInjector: {templates: {customTemplates: [{name: a}, {name: a}]}}}}", "Duplicate value"},
		"port out of range":        {gatewayHead + "{type: ingress, istioControlPlane: {name: cp}, service: {type: ClusterIP, ports: [{port: 70000}]}}}", "spec.service.ports[0].port"},
		"gateway direction":        {gatewayHead + "{type: sideways, istioControlPlane: {name: cp}, service: {}}}", "spec.type"},
		"gateway without service":  {gatewayHead + "{type: egress, istioControlPlane: {name: cp}}}", "spec.service"},
		"cluster name to convert":  {platformHead + "{clusterName: CLUSTER_NAME}}", ""},
		"role":                     {platformHead + "{role: ACTIVE}}", "spec.role"},
		"unknown platform":         {platformHead + "{platform: eks}}", "spec.platform"},
		"values as text":           {platformHead + "{certManager: {valuesOverride: 'a: b'}}}", ""},
		"values as object":         {platformHead + "{certManager: {valuesOverride: {a: {b: 1}}}}}", ""},
		"retention":                {platformHead + "{smm: {prometheus: {retentionTime: 1h30m}}}}", ""},
		"retention without unit":   {platformHead + "{smm: {prometheus: {retentionTime: '8'}}}}", "spec.smm.prometheus.retentionTime"},
		"issuer without TLS":       {platformHead + "{smm: {auth: {oidc: {client: {issuerURL: 'http://a'}}}}}}", "spec.smm.auth.oidc.client.issuerURL"},
		"unknown demo service":     {demoHead + "{enabledComponents: [frontpage, backpage]}}", "spec.enabledComponents[1]"},
		"swing period over 2^31":   {demoHead + "{load: {swingPeriod: 1380000000000}}}", ""},
	}
	checkers := checkers(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			resource := parse(t, test.resource)
			got := checkers[resource["kind"].(string)].problems(resource)
			switch {
			case test.problem == "" && len(got) > 0:
				t.Errorf("refused: %q", got)
			case test.problem != "" && (len(got) != 1 || !strings.Contains(got[0], test.problem)):
				t.Errorf("problems %q, want one with %q", got, test.problem)
			}
		})
	}
}
