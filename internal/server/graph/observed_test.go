package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/signin"
)

type foundFinding struct {
	Check, Severity, Object, Path, Documentation string
	Line                                         int
}

func (l *lab) findingsOf(t *testing.T, user signin.User, severity string) []foundFinding {
	t.Helper()
	answered := l.ask(t, user, `{ findings`+severity+` { check severity object path line documentation } }`)
	var content struct{ Findings []foundFinding }
	if err := json.Unmarshal([]byte(answered.data), &content); err != nil {
		t.Fatalf("%s %s", answered.data, answered.errors)
	}
	return content.Findings
}

// Findings say where in the object the fault is, as the object is shown, and are counted like they are listed.
func TestFindings(t *testing.T) {
	l := newLab(t)
	l.installIstioDefinitions(t)
	l.create(t, l.open, `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: lost}, spec: {hosts: [a.example], gateways: [none], http: [{route: [{destination: {host: nowhere}}]}]}}`)
	l.waitFor(t, l.jane, `{ findings { object check } }`, "pod:c1:"+l.open+":visible-pod", "IST0101")
	all := l.findingsOf(t, l.jane, "")
	var checks, places []string
	for _, f := range all {
		if strings.HasPrefix(f.Check, "proxy/") {
			checks = append(checks, f.Severity+" "+f.Check+" "+f.Object)
		}
		if f.Check == "istio/IST0101" {
			places = append(places, fmt.Sprintf("%s line %d", f.Path, f.Line))
		}
		if f.Documentation == "" {
			t.Errorf("%s says nothing of what to do", f.Check)
		}
	}
	want := []string{
		"ERROR proxy/sync/rejected pod:c1:" + l.open + ":visible-pod",
		"WARNING proxy/sync/stale pod:c1:" + l.open + ":visible-pod",
	}
	if diff := cmp.Diff(want, checks); diff != "" {
		t.Error(diff)
	}
	shown := l.ask(t, l.jane, fmt.Sprintf(`{ resource(id: "virtualservice.networking.istio.io:c1:%s:lost") { yaml } }`, l.open)).data
	if diff := cmp.Diff([]string{"spec.gateways[0] line 8", "spec.http[0].route[0].destination.host line 14"}, places); diff != "" {
		t.Errorf("%s\n%s", diff, strings.ReplaceAll(shown, `\n`, "\n"))
	}
	if serious := l.findingsOf(t, l.jane, "(severity: ERROR)"); slices.ContainsFunc(serious, func(f foundFinding) bool { return f.Severity != "ERROR" }) {
		t.Errorf("only errors were asked for: %v", serious)
	}
	counted := l.ask(t, l.jane, `{ numbers { findings } }`)
	if counted.data != fmt.Sprintf(`{"numbers":{"findings":%d}}`, len(all)) {
		t.Errorf("%d findings are listed and %s", len(all), counted.data)
	}
}

// installIstioDefinitions makes the API server serve Istio's kinds.
func (a *api) installIstioDefinitions(t *testing.T) {
	t.Helper()
	definitions, err := istio.Builtin()[0].CRDs()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(a.kube.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kube.NewApplier(c).Apply(t.Context(), kube.Owner{Kind: "Test", Name: "crds"}, definitions); err != nil {
		t.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		_, err := a.cluster.KindOf("virtualservice.networking.istio.io")
		return err == nil, nil
	})
	if err != nil {
		t.Fatal("Istio's kinds are not served")
	}
}

// A control plane has the proxies that it tells of, and those that it should have.
func TestProxiesOfAControlPlane(t *testing.T) {
	l := newLab(t)
	answered := l.ask(t, l.jane, `{ controlPlanes { name proxies { name pod version cds lds eds rds problems } } }`)
	want := `{"controlPlanes":[{"name":"visible-plane","proxies":[{"name":"visible-pod","pod":"visible-pod","version":"1.31.1",` +
		`"cds":"SYNCED","lds":"STALE","eds":"NOT_SENT","rds":"REJECTED","problems":["RDS: no"]}]}]}`
	if answered.data != want {
		t.Errorf("%s %s", answered.data, answered.errors)
	}
}

// Health is told of what a user may see, and of nothing else, also when they guess an ID.
func TestHealthOfWhatAUserMaySee(t *testing.T) {
	l := newLab(t)
	answered := l.ask(t, l.jane, `{ health { id verdict score } workloads { items { name health { score } } } }`)
	for _, part := range []string{`"id":"service:c1:` + l.open + `:visible-service","verdict":"HEALTHY","score":100`, `"health":{"score":100}`} {
		if !strings.Contains(answered.data, part) {
			t.Errorf("no %s in %s %s", part, answered.data, answered.errors)
		}
	}
	const span = `from: "2026-11-27T12:00:00Z", to: "2026-11-27T13:00:00Z"`
	for id, want := range map[string]string{
		"pod:c1:" + l.open + ":visible-pod":                      `[{"score":99}]`,
		"pod:c1:" + l.closed + ":" + hidden + "-pod":             `[]`,
		"service:c1:" + l.closed + ":" + hidden + "-service":     `[]`,
		"service:elsewhere:" + l.closed + ":" + hidden + "-none": `[]`,
	} {
		answered := l.ask(t, l.jane, fmt.Sprintf(`{ healthHistory(id: %q, %s) { score } }`, id, span))
		if answered.data != `{"healthHistory":`+want+`}` {
			t.Errorf("%s: %s %s", id, answered.data, answered.errors)
		}
	}
	for _, wrong := range []string{`from: "yesterday", to: "2026-11-27T13:00:00Z"`, `from: "2026-11-27T13:00:00Z", to: "2026-11-27T12:00:00Z"`, span + `, points: 100000`} {
		if answered := l.ask(t, l.jane, fmt.Sprintf(`{ healthHistory(id: "pod:c1:%s:visible-pod", %s) { score } }`, l.open, wrong)); answered.errors == "" {
			t.Errorf("%s: %s", wrong, answered.data)
		}
	}
}

// Who follows the findings is told when an object that has some is gone.
func TestFindingsAreFollowed(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	told := l.follow(ctx, t, l.jane, `subscription { findings { object } }`)
	pod := "pod:c1:" + l.open + ":visible-pod"
	for first := range told {
		if strings.Contains(first, hidden) {
			t.Errorf("shows what the user may not see: %s", first)
		}
		if strings.Contains(first, pod) {
			break
		}
	}
	l.planes.set(l.open, "visible-plane")
	if err := l.client.CoreV1().Pods(l.open).Delete(ctx, "visible-pod", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for next := range told {
		if !strings.Contains(next, pod) {
			return
		}
	}
	t.Error("the end of the findings was not told")
}
