package analyzer_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/analyzer"
	"github.com/meshmanager/smm/internal/validation/files"
)

// analyze reads manifests and runs all checks on them.
func analyze(t testing.TB, manifests string) []validation.Finding {
	t.Helper()
	read, err := files.Read(t.Context(), []string{"-"}, strings.NewReader(manifests), "c1", "default")
	if err != nil {
		t.Fatal(err)
	}
	engine := analyzer.New()
	engine.Apply(validation.Change{Set: append(read.Objects, analyzer.Cluster("c1"))})
	return engine.Findings()
}

// repeated is a text with the numbers below n in it.
func repeated(n int, format string) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, format, i)
	}
	return all.String()
}

const (
	service = `---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
`
	routeHead = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %s, namespace: shop}
spec:
`
)

// Rules that are large or refer to each other in circles are judged like others, in a bounded time of the processor:
// most of them take a second, the slowest ten with the race detector.
func TestHostileManifests(t *testing.T) {
	limit := 40 * time.Second
	tests := map[string]struct {
		manifests, want string // the check that must find something, "" for none
	}{
		"10,000 hosts in one VirtualService": {
			service + fmt.Sprintf(routeHead, "many") + "  hosts:\n" + repeated(10_000, "  - web-%d.example.com\n") +
				"  http: [{route: [{destination: {host: nobody}}]}]\n", "istio/IST0101",
		},
		"10,000 rules in one VirtualService": {
			service + fmt.Sprintf(routeHead, "many") + "  hosts: [web]\n  http:\n" +
				repeated(10_000, "  - {match: [{uri: {prefix: /p%d}}], route: [{destination: {host: web}}]}\n"), "",
		},
		"10,000 hosts in one Sidecar": {
			service + "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: many, namespace: shop}\nspec:\n  egress:\n  - hosts:\n" +
				repeated(10_000, "    - shop/web-%d.example.com\n"), "",
		},
		"10,000 hosts in one ServiceEntry": {
			"---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: many, namespace: shop}\nspec:\n  resolution: DNS\n" +
				"  ports: [{number: 80, name: http, protocol: HTTP}]\n  hosts:\n" + repeated(10_000, "  - web-%d.example.com\n"), "",
		},
		"delegates in a circle": {
			service + fmt.Sprintf(routeHead, "root") + "  hosts: [web]\n  http: [{delegate: {name: a}}]\n" +
				fmt.Sprintf(routeHead, "a") + "  http: [{delegate: {name: b}}]\n" + fmt.Sprintf(routeHead, "b") + "  http: [{delegate: {name: a}}]\n", "virtualservice/delegate",
		},
		"2,000 VirtualServices of one host": {
			service + repeated(2_000, "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v%d, namespace: shop}\n"+
				"spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}\n"), "istio/IST0109",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := processorTime(t)
			found := analyze(t, test.manifests)
			took := processorTime(t) - before
			if took > limit {
				t.Errorf("it took %v of the processor's time", took)
			}
			seen := map[string]int{}
			for _, f := range found {
				seen[f.Check]++
			}
			t.Logf("%v: %v", took.Round(time.Millisecond), seen)
			if test.want == "" {
				return
			}
			for check := range seen {
				if strings.HasPrefix(check, test.want) {
					return
				}
			}
			t.Errorf("nothing of %s in %v", test.want, seen)
		})
	}
}

// No manifest, however odd, stops the analysis: checks that cannot go on report so, and never panic.
func FuzzAnalyze(f *testing.F) {
	f.Add(service + fmt.Sprintf(routeHead, "a") + "  hosts: [web]\n  http: [{route: [{destination: {host: web, subset: v1}, weight: 3}]}]\n")
	f.Add("apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {servers: [{port: {number: 443, protocol: HTTPS, name: x}, hosts: ['*/'], tls: {credentialName: c}}]}\n")
	f.Add("apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec: {rules: [{from: [{source: {principals: ['*']}}], to: [{operation: {methods: [GET]}}]}]}\n")
	f.Add("apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: s}\nspec: {egress: [{hosts: ['/']}], workloadSelector: {}}\n")
	f.Add("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {parentRefs: [{name: g}], rules: [{backendRefs: [{name: b, port: 1}]}]}\n")
	f.Add("apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e}\nspec: {hosts: ['*.x'], endpoints: [{address: unix:///x}], ports: [{}]}\n")
	f.Add("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {metadata: {labels: {sidecar.istio.io/inject: 'x'}}, spec: {containers: [{}]}}}\n")
	f.Fuzz(func(t *testing.T, manifests string) { analyze(t, manifests) })
}

// processorTime is what this process has used of all processors; other work on the machine does not count.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
