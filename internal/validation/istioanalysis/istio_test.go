package istioanalysis_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// Every message of Istio's analyzers on Istio's own test cases is a finding of ours, as often and as severe. It is a
// remark, as documented, where the files hold nothing of what is missed, and for a subset that no route uses.
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
			for message, count := range theirs(t, path) {
				messages += count
				remark := message
				if code, _, _ := strings.Cut(message, " "); code == "IST0101" || code == "IST0173" {
					remark = strings.Replace(message, " error ", " info ", 1)
				}
				if found[message] < count && (remark == message || found[message]+found[remark] < count) {
					t.Errorf("Istio says %s %d times, we say %v", message, count, found)
				}
			}
		})
	}
	if messages < 100 {
		t.Errorf("Istio had %d messages only: the comparison says little", messages)
	}
}

// theirs counts Istio's messages, by code, severity and resource.
func theirs(t *testing.T, path string) map[string]int {
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
	messages := map[string]int{}
	for _, m := range result.Messages {
		messages[fmt.Sprintf("%s %s %s", m.Type.Code(), strings.ToLower(m.Type.Level().String()), m.Resource.Origin.FriendlyName())]++
	}
	return messages
}

func ours(t *testing.T, path string) map[string]int {
	t.Helper()
	engine := analyzer.New()
	read, err := files.Read(t.Context(), []string{path}, nil, "c1", "")
	if err != nil {
		t.Fatal(err)
	}
	before := specifications(t, read.Objects)
	engine.Apply(validation.Change{Set: append(read.Objects, analyzer.Cluster("c1"))})
	if diff := cmp.Diff(before, specifications(t, read.Objects)); diff != "" {
		t.Errorf("an analyzer changed what it read: %s", diff)
	}
	found := map[string]int{}
	for _, f := range engine.Findings() {
		code, istio := strings.CutPrefix(f.Check, "istio/")
		if istio {
			found[fmt.Sprintf("%s %s %s %s", code, f.Severity, nameOf(f.Subject.Kind), f.Subject.Qualified())]++
		}
	}
	return found
}

// specifications are the texts of what objects ask for.
func specifications(t *testing.T, objects []*validation.Object) []string {
	t.Helper()
	var texts []string
	for _, o := range objects {
		text, err := json.Marshal(o.Spec)
		if err != nil {
			t.Fatal(err)
		}
		var value any // the encoder of Istio's messages puts in spaces at random
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, fmt.Sprint(o.Qualified(), value))
	}
	return texts
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

// A short name is another service in another namespace: how one team splits its service concerns no route of another's.
func TestSubsetsOfAnotherNamespace(t *testing.T) {
	const manifests = `
apiVersion: v1
kind: Service
metadata: {name: api, namespace: %[1]s}
spec: {ports: [{name: http, port: 80}], selector: {app: api}}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: other}
spec: {ports: [{name: http, port: 80}], selector: {app: api}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: split, namespace: other}
spec: {hosts: [api], http: [{route: [{destination: {host: api, subset: v1}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: entry, namespace: %[1]s}
spec: {hosts: [api.example.com], gateways: [gw], http: [{route: [{destination: {host: api}}]}]}
`
	for namespace, want := range map[string]bool{"shop": false, "other": true} {
		read, err := files.Read(t.Context(), []string{"-"}, strings.NewReader(fmt.Sprintf(manifests, namespace)), "c1", "default")
		if err != nil {
			t.Fatal(err)
		}
		engine := analyzer.New()
		engine.Apply(validation.Change{Set: append(read.Objects, analyzer.Cluster("c1"))})
		found := slices.ContainsFunc(engine.Findings(), func(f validation.Finding) bool { return f.Check == "istio/IST0140" })
		if found != want {
			t.Errorf("in namespace %s: %t, want %t", namespace, found, want)
		}
	}
}

// The product asks for injection of each pod of its own, so that its namespaces need no label.
func TestNamespacesOfTheProductNeedNoInjection(t *testing.T) {
	for labels, want := range map[string]bool{"{app.kubernetes.io/managed-by: smm}": false, "{app.kubernetes.io/managed-by: helm}": true} {
		manifests := fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata: {name: system, labels: %s}
---
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: system}
spec: {containers: [{name: server, image: server}]}
`, labels)
		read, err := files.Read(t.Context(), []string{"-"}, strings.NewReader(manifests), "c1", "default")
		if err != nil {
			t.Fatal(err)
		}
		engine := analyzer.New()
		engine.Apply(validation.Change{Set: append(read.Objects, analyzer.Cluster("c1"))})
		found := slices.ContainsFunc(engine.Findings(), func(f validation.Finding) bool { return f.Check == "istio/IST0102" })
		if found != want {
			t.Errorf("labels %s: %t, want %t", labels, found, want)
		}
	}
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
				// It is true of bookinfo that the subset of a route in the mesh does not apply to the gateway's requests.
				if f.Severity != validation.Info && f.Check != "istio/IST0140" {
					t.Errorf("%s: %s %s (%s) %v", f.Subject, f.Check, f.Message, f.Path, f.Context)
				}
			}
		})
	}
}
