package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the commands print as what they should print")

func runSMM(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errOut bytes.Buffer
	code = Main(Build{Version: "test"}, args, strings.NewReader(stdin), &out, &errOut)
	return code, out.String(), errOut.String()
}

// The documented manifests give the documented findings, in the documented forms.
func TestAnalyzeDocumentedExamples(t *testing.T) {
	for _, test := range []struct{ name, golden, format string }{
		{"text", "documented.txt", "text"},
		{"JSON", "documented.json", "json"},
		{"SARIF", "documented.sarif", "sarif"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, _ := runSMM("", "analyze", "-f", "testdata/analyze/documented", "--cluster-name", "master",
				"--namespace", "istio-system", "-o", test.format)
			if code != exitFindings {
				t.Errorf("exit code %d, want %d", code, exitFindings)
			}
			golden := filepath.Join("testdata", "analyze", test.golden)
			if *update {
				if err := os.WriteFile(golden, []byte(stdout), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), stdout); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The texts of the documentation, line by line, without regard to indentation.
func TestAnalyzeSaysWhatIsDocumented(t *testing.T) {
	_, stdout, _ := runSMM("", "analyze", "-f", "testdata/analyze/documented", "--cluster-name", "master", "--namespace", "istio-system")
	const rule = `
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: movies, namespace: smm-demo}
spec: {host: movies, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
`
	_, movies, _ := runSMM(rule, "analyze", "-f", "-", "--cluster-name", "ex7gkhfn49gi5")
	for _, test := range []struct{ got, want string }{
		{stdout, `gateway istio-system/demo-gw-port-conflict-01:
			Cluster: master
			Error: Conflicting gateway port protocols
			Control Plane: cp-v115x.istio-system
			Error ID: gateway/port/gateway/port/protocol-conflict
			Path: servers[0]
			Context:
			port: 9443
			protocol: TCP`},
		{stdout, `gateway istio-system/demo-gw-tls-conflict-02:
			Cluster: master
			Error: multiple gateways configured with same TLS certificate
			Control Plane: cp-v115x.istio-system
			Error ID: gateway/reused-cert/gateway/reused-cert
			Path: port[443]
			Context:
			reusedCertificateSecret: secret:master:istio-system:example-wildcard-cert`},
		{movies, `destinationrule smm-demo/movies:
			Cluster: ex7gkhfn49gi5
			Error: missing mesh policy
			Error ID: destinationrule/enabled-mtls/destinationrule/enabled-mtls/missing-mesh-policy
			Severity: error
			Path: host
			Context:
			hostname: movies`},
		{movies, "✗ 1 validation error found"},
		{stdout, "✗ 4 validation errors found"},
	} {
		rest := test.got
		for line := range strings.SplitSeq(test.want, "\n") {
			_, after, found := strings.Cut(rest, strings.TrimSpace(line))
			if !found {
				t.Errorf("%q is not in the rest of the output:\n%s", strings.TrimSpace(line), test.got)
				break
			}
			rest = after
		}
	}
}

// Without faults the documented line is all that is printed, and JSON is an empty map.
func TestAnalyzeWithoutFindings(t *testing.T) {
	const fine = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: b}\n"
	if code, stdout, stderr := runSMM(fine, "analyze", "-f", "-"); code != exitOK || stdout != "✓ 0 validation errors found\n" {
		t.Errorf("exit code %d, printed %q and %q", code, stdout, stderr)
	}
	_, stdout, _ := runSMM(fine, "analyze", "-f", "-", "-o", "json")
	var results map[string]any
	if err := json.Unmarshal([]byte(stdout), &results); err != nil || len(results) > 0 {
		t.Errorf("printed %q: %v", stdout, err)
	}
}

// --fail-on decides how bad findings must be to fail.
func TestAnalyzeFailOn(t *testing.T) {
	const warning = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\n" +
		"spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}\n"
	for failOn, want := range map[string]int{"error": exitOK, "warning": exitFindings, "info": exitFindings, "never": exitOK, "nonsense": exitUsage} {
		if code, stdout, stderr := runSMM(warning, "analyze", "-f", "-", "--fail-on", failOn); code != want {
			t.Errorf("--fail-on %s: exit code %d, want %d\n%s%s", failOn, code, want, stdout, stderr)
		}
	}
}

// What cannot be read is told with its place and what to do, and the command fails after checking the rest.
func TestAnalyzeBadInput(t *testing.T) {
	for name, test := range map[string]struct {
		input, want string
		code        int
	}{
		"not YAML":       {"a: b: c\n", "standard input:1: not valid YAML", exitFailed},
		"a template":     {"kind: {{ .Values.kind }}\n", "render it first, for example with 'helm template'", exitFailed},
		"unknown kind":   {"apiVersion: x/v1\nkind: Widget\nmetadata: {name: a}\n", "kind Widget is not checked (1 in the files)", exitOK},
		"no kind":        {"replicas: 3\n", "no Kubernetes object", exitOK},
		"no name":        {"apiVersion: v1\nkind: Service\nmetadata: {}\n", "Service has no metadata.name", exitFailed},
		"wrong type":     {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: 3}\n", "Service a: spec:", exitFailed},
		"nothing at all": {"", "the files hold no object that is checked", exitOK},
		"second of two":  {"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n---\na: b: c\n", "standard input:5: not valid YAML", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := runSMM(test.input, "analyze", "-f", "-")
			if code != test.code || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d and %q; want %d and %q", code, stderr, test.code, test.want)
			}
		})
	}
}
