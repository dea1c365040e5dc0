package istio_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/istio"
)

func config(t *testing.T, text string) map[string]any {
	t.Helper()
	var decoded map[string]any
	if err := yaml.Unmarshal([]byte(text), &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

// What Istio does not know is refused with the path at which it stands, however deep.
func TestMeshConfigErrorsNameThePath(t *testing.T) {
	for name, test := range map[string]struct{ config, want string }{
		"nothing":                         {"{}", ""},
		"a config":                        {"{accessLogFile: /dev/stdout, defaultConfig: {concurrency: 2, tracing: {zipkin: {address: 'z:9411'}}}}", ""},
		"names as in the protocol":        {"{default_config: {proxy_metadata: {A: b}}}", ""},
		"an unknown field":                {"{accesLogFile: /dev/stdout}", "spec.meshConfig.accesLogFile: Istio's MeshConfig has no such field"},
		"an unknown field further down":   {"{defaultConfig: {tracing: {zipkin: {adrss: z}}}}", "spec.meshConfig.defaultConfig.tracing.zipkin.adrss: Istio's Zipkin has no such field"},
		"one in a list":                   {"{extensionProviders: [{name: a, prometheus: {}}, {name: b, zipkin: {prot: 9411}}]}", "spec.meshConfig.extensionProviders[1].zipkin.prot: Istio's ZipkinTracingProvider has no such field"},
		"a value of another type":         {"{defaultConfig: {drainDuration: 5}}", "spec.meshConfig.defaultConfig.drainDuration: unexpected token 5"},
		"a value no enumeration has":      {"{outboundTrafficPolicy: {mode: SOME}}", "spec.meshConfig.outboundTrafficPolicy.mode: invalid value for enum field mode: \"SOME\""},
		"a number that does not fit":      {"{proxyListenPort: 99999999999}", "spec.meshConfig.proxyListenPort: invalid value for int32 field proxyListenPort: 99999999999"},
		"a map's value of another type":   {"{defaultConfig: {proxyMetadata: {A: 1}}}", "spec.meshConfig.defaultConfig.proxyMetadata: invalid value for string field value: 1"},
		"two of which one can be":         {"{defaultConfig: {tracing: {zipkin: {address: a}, datadog: {address: b}}}}", "spec.meshConfig.defaultConfig.tracing: error parsing \"zipkin\", oneof istio.mesh.v1alpha1.Tracing.tracer is already set"},
		"a field under both of its names": {"{rootNamespace: a, root_namespace: b}", "spec.meshConfig: duplicate field \"root_namespace\""},
	} {
		t.Run(name, func(t *testing.T) {
			err := istio.CheckMeshConfig("spec.meshConfig", config(t, test.config))
			if got := message(err); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	if err := istio.CheckTracing("spec.tracer", config(t, "{zipkn: {}}")); message(err) != "spec.tracer.zipkn: Istio's Tracing has no such field" {
		t.Errorf("got %v", err)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A config that fits the type can still be one that istiod refuses to start with.
func TestValidateMeshConfigJudgesAsIstiodDoes(t *testing.T) {
	for name, test := range map[string]struct{ config, want string }{
		"the defaults":          {"", ""},
		"a config":              {"accessLogFile: /dev/stdout\ndefaultConfig: {discoveryAddress: 'istiod.mesh.svc:15012'}", ""},
		"an address of no host": {"defaultConfig: {discoveryAddress: '::'}", "discovery address"},
		"a port that is none":   {"proxyListenPort: 70000", "proxy listen port"},
		"a negative duration":   {"connectTimeout: -1s", "connect timeout"},
		"two mistakes":          {"proxyListenPort: 70000\nconnectTimeout: -1s", "; "},
	} {
		t.Run(name, func(t *testing.T) {
			got := message(istio.ValidateMeshConfig(test.config))
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q; want one line with %q", got, test.want)
			}
		})
	}
}

// What Istio's code thinks of a config must not end up among what a command prints. Its logger
// takes hold of the standard output when the program starts, so that a program of its own tells.
func TestValidateMeshConfigWritesNothing(t *testing.T) {
	const inside = "VALIDATE_MESH_CONFIG"
	if os.Getenv(inside) != "" {
		if err := istio.ValidateMeshConfig("extensionProviders: [{name: broken, zipkin: {service: '/', port: 70000}}]"); err != nil {
			t.Fatal(err)
		}
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestValidateMeshConfigWritesNothing$")
	command.Env = append(os.Environ(), inside+"=1")
	output, err := command.CombinedOutput()
	if err != nil || strings.TrimSpace(string(output)) != "PASS" {
		t.Errorf("%v; written:\n%s", err, output)
	}
}
