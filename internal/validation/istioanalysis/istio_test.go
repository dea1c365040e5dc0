package istioanalysis_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/local"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/analyzer"
	"github.com/meshmanager/smm/internal/validation/files"
)

// istioModule is the folder of Istio's sources in the module cache.
func istioModule(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	if err != nil || len(bytes.TrimSpace(out)) == 0 {
		t.Fatalf("the folder of istio.io/istio is not known: %v", err)
	}
	return string(bytes.TrimSpace(out))
}

// Every message of Istio's analyzers on Istio's own test cases is a finding of ours.
func TestFindsWhatIstioFinds(t *testing.T) {
	analyzer.Checks() // keeps Istio's code from printing
	cases, err := filepath.Glob(filepath.Join(istioModule(t), "pkg/config/analysis/analyzers/testdata/*.yaml"))
	if err != nil || len(cases) < 50 {
		t.Fatalf("%d test cases of Istio found: %v", len(cases), err)
	}
	messages := 0
	for _, path := range cases {
		t.Run(filepath.Base(path), func(t *testing.T) {
			found := ours(t, path)
			for _, message := range theirs(t, path) {
				messages++
				if !slices.Contains(found, message) {
					t.Errorf("Istio says %s, we say %v", message, found)
				}
			}
		})
	}
	if messages < 100 {
		t.Errorf("Istio had %d messages only: the comparison says little", messages)
	}
}

func theirs(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sa := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", "istio-system", nil)
	_ = sa.AddTestReaderKubeSource([]local.ReaderSource{{Name: path, Reader: bytes.NewReader(text)}}) // objects that it cannot read are no matter here
	if err := sa.AddDefaultResources(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	defer close(stop)
	result, err := sa.Analyze(stop)
	if err != nil {
		t.Fatal(err)
	}
	var messages []string
	for _, m := range result.Messages {
		messages = append(messages, m.Type.Code()+" "+m.Resource.Origin.FriendlyName())
	}
	return messages
}

func ours(t *testing.T, path string) []string {
	t.Helper()
	engine := analyzer.New()
	read, err := files.Read(t.Context(), []string{path}, nil, "c1", "")
	if err != nil {
		t.Fatal(err)
	}
	engine.Apply(validation.Change{Set: append(read.Objects, analyzer.Cluster("c1"))})
	var found []string
	for _, f := range engine.Findings() {
		code, istio := strings.CutPrefix(f.Check, "istio/")
		if istio {
			found = append(found, fmt.Sprintf("%s %s %s", code, nameOf(f.Subject.Kind), f.Subject.Qualified()))
		}
	}
	return found
}

// nameOf is the kind as Istio writes it.
func nameOf(kind validation.Kind) string {
	names := map[string]string{
		"virtualservice": "VirtualService", "destinationrule": "DestinationRule", "serviceentry": "ServiceEntry",
		"authorizationpolicy": "AuthorizationPolicy", "requestauthentication": "RequestAuthentication", "envoyfilter": "EnvoyFilter",
		"wasmplugin": "WasmPlugin", "httproute": "HTTPRoute", "grpcroute": "GRPCRoute", "workloadgroup": "WorkloadGroup",
		"workloadentry": "WorkloadEntry", "peerauthentication": "PeerAuthentication", "proxyconfig": "ProxyConfig",
		"customresourcedefinition":          "CustomResourceDefinition",
		"mutatingwebhookconfiguration":      "MutatingWebhookConfiguration",
		"validatingwebhookconfiguration":    "ValidatingWebhookConfiguration",
		"gateway.gateway.networking.k8s.io": "Gateway",
	}
	short := kind.Short()
	if name := names[short]; name != "" {
		return name
	}
	return strings.ToUpper(short[:1]) + short[1:]
}

// Istio's own samples and an empty mesh have no errors.
func TestNoNoiseOnIstioSamples(t *testing.T) {
	samples := filepath.Join(istioModule(t), "samples")
	for _, test := range []struct {
		name  string
		paths []string
	}{
		{"empty", nil},
		{"bookinfo", []string{"bookinfo/platform/kube/bookinfo.yaml", "bookinfo/networking/bookinfo-gateway.yaml",
			"bookinfo/networking/destination-rule-all.yaml", "bookinfo/networking/virtual-service-all-v1.yaml"}},
		{"bookinfo with the Gateway API", []string{"bookinfo/platform/kube/bookinfo.yaml", "bookinfo/gateway-api/bookinfo-gateway.yaml"}},
		{"helloworld", []string{"helloworld/helloworld.yaml", "helloworld/helloworld-gateway.yaml"}},
		{"httpbin", []string{"httpbin/httpbin.yaml", "httpbin/httpbin-gateway.yaml"}},
		{"multicluster", []string{"multicluster/expose-services.yaml"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			engine := analyzer.New()
			var paths []string
			for _, path := range test.paths {
				paths = append(paths, filepath.Join(samples, path))
			}
			read, err := files.Read(t.Context(), paths, nil, "c1", "default")
			if err != nil || len(read.Problems) > 0 {
				t.Fatal(err, read.Problems)
			}
			engine.Apply(validation.Change{Set: append(read.Objects, analyzer.Cluster("c1"))})
			for _, f := range engine.Findings() {
				// That a subset in a route of the mesh does not apply to a gateway is true of bookinfo.
				if f.Severity != validation.Info && f.Check != "istio/IST0140" {
					t.Errorf("%s: %s %s (%s) %v", f.Subject, f.Check, f.Message, f.Path, f.Context)
				}
			}
		})
	}
}
