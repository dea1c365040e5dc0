package checks

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
	"github.com/meshmanager/smm/internal/validation/facts"
)

// A testCase is one section of a file of testdata, which is named for its check: "# finding at <field>" or "# silent",
// then the manifests of one cluster, or of several after "# cluster <name>".
type testCase struct {
	line    int
	finding bool
	field   string
	objects []*validation.Object
}

// Every check finds its fault at the right place, and is silent about what only looks like it.
func TestChecks(t *testing.T) {
	for _, check := range All() {
		if strings.HasPrefix(check.ID, "proxy/") || check.ID == outdatedMachine().ID {
			continue // see TestProxyChecks and TestOutdatedMachine: no manifest tells how proxies are
		}
		t.Run(check.ID, func(t *testing.T) {
			cases := readCases(t, check.ID)
			if !slices.ContainsFunc(cases, func(c testCase) bool { return c.finding }) ||
				!slices.ContainsFunc(cases, func(c testCase) bool { return !c.finding }) {
				t.Fatal("a check needs a case with a finding and one that must stay silent")
			}
			for _, c := range cases {
				findings := run(check, c.objects)
				switch {
				case !c.finding && len(findings) > 0:
					t.Errorf("case at line %d must be silent, and has %+v", c.line, findings)
				case c.finding && !slices.ContainsFunc(findings, func(f validation.Finding) bool {
					return f.Check == check.ID && f.Severity == check.Severity && (c.field == "" || f.Field == c.field)
				}):
					t.Errorf("case at line %d must have a finding at %q, and has %+v", c.line, c.field, findings)
				}
			}
		})
	}
}

// What a control plane tells about its proxies becomes findings.
func TestProxyChecks(t *testing.T) {
	proxy := func(state validation.ProxyState) []*validation.Object {
		return []*validation.Object{{ID: validation.ID{Cluster: "c1", Kind: validation.ProxySync, Namespace: "shop", Name: "a"}, Spec: &state}}
	}
	for id, state := range map[string]validation.ProxyState{
		"proxy/sync/rejected": {ControlPlane: "cp", Rejected: []string{"LDS"}},
		"proxy/sync/stale":    {ControlPlane: "cp", Stale: []string{"CDS", "EDS"}},
	} {
		for _, check := range All() {
			findings := run(check, proxy(state))
			if found := len(findings) > 0; found != (check.ID == id) {
				t.Errorf("%s about %+v: %+v", check.ID, state, findings)
			}
			if findings := run(check, proxy(validation.ProxyState{ControlPlane: "cp"})); len(findings) > 0 {
				t.Errorf("%s about a proxy in order: %+v", check.ID, findings)
			}
		}
	}
}

// A machine whose proxy has another version than its control plane is told, not one that is as it should be or that is not
// connected.
func TestOutdatedMachine(t *testing.T) {
	const plane = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod-cp, namespace: istio-system, labels: {app: istiod, istio.io/rev: cp}}
spec: {selector: {matchLabels: {app: istiod}}, template: {metadata: {labels: {app: istiod}}, spec: {containers: [{name: discovery, image: "istio/pilot:1.31.1-distroless"}]}}}
`
	const entry = "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: vm, namespace: shop}\nspec: {address: 192.0.2.1}\n"
	for _, test := range []struct {
		name  string
		state *validation.ProxyState
		want  int
	}{
		{"outdated", &validation.ProxyState{ControlPlane: "cp", Version: "1.31.0"}, 1},
		{"up to date", &validation.ProxyState{ControlPlane: "cp", Version: "1.31.1"}, 0},
		{"up to date, another build", &validation.ProxyState{ControlPlane: "cp", Version: "1.31.1-fips"}, 0},
		{"of another control plane", &validation.ProxyState{ControlPlane: "other", Version: "1.30.0"}, 0},
		{"of no known version", &validation.ProxyState{ControlPlane: "cp"}, 0},
		{"not connected", nil, 0},
	} {
		objects := append(decoded(t, "c1", plane), decoded(t, "c1", entry)...)
		if test.state != nil {
			objects = append(objects, &validation.Object{ID: validation.ID{Cluster: "c1", Kind: validation.ProxySync, Namespace: "shop", Name: "vm"}, Spec: test.state})
		}
		if found := run(outdatedMachine(), objects); len(found) != test.want {
			t.Errorf("%s: %+v", test.name, found)
		}
	}
}

// Every check says what it needs for its documentation, and reads what it runs on.
func TestChecksAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, check := range All() {
		if seen[check.ID] {
			t.Errorf("%s: two checks have this ID", check.ID)
		}
		seen[check.ID] = true
		if check.Message == "" || check.Cause == "" || check.Mend == "" || check.Severity == "" || len(check.Subjects) == 0 {
			t.Errorf("%s: message, cause, mend, severity and subjects must be set", check.ID)
		}
		if !strings.HasSuffix(check.Cause, ".") || !strings.HasSuffix(check.Mend, ".") {
			t.Errorf("%s: cause and mend must be sentences", check.ID)
		}
	}
}

func run(check validation.Check, objects []*validation.Object) []validation.Finding {
	engine := validation.NewEngine([]validation.Check{check}, facts.RevisionOf)
	engine.Apply(validation.Change{Set: objects})
	return engine.Findings()
}

func readCases(t *testing.T, id string) []testCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", strings.ReplaceAll(id, "/", "_")+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []testCase
	cluster, document := "c1", ""
	flush := func() {
		if strings.TrimSpace(document) != "" {
			last := &cases[len(cases)-1]
			last.objects = append(last.objects, decoded(t, cluster, document)...)
		}
		document = ""
	}
	for i, line := range strings.Split(string(text), "\n") {
		heading, isComment := strings.CutPrefix(line, "# ")
		switch {
		case line == "---":
			flush()
		case isComment && (strings.HasPrefix(heading, "finding") || heading == "silent"):
			field, _ := strings.CutPrefix(heading, "finding at ")
			if field == heading {
				field = ""
			}
			cases = append(cases, testCase{line: i + 1, finding: heading != "silent", field: field})
			cluster = "c1"
		case isComment && strings.HasPrefix(heading, "cluster "):
			cluster = strings.TrimPrefix(heading, "cluster ")
		default:
			document += line + "\n"
		}
	}
	flush()
	for i := range cases {
		cases[i].objects = withClusters(cases[i].objects)
	}
	return cases
}

func decoded(t *testing.T, cluster, document string) []*validation.Object {
	t.Helper()
	raw, err := yaml.YAMLToJSONStrict([]byte(document))
	if err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	found, err := decode.NewDecoder().Document(cluster, "default", raw)
	if err != nil || len(found.Objects) != 1 {
		t.Fatalf("%v, %d objects, skipped %v in\n%s", err, len(found.Objects), found.Skipped, document)
	}
	found.Objects[0].Source = validation.Source{File: fmt.Sprintf("%s.yaml", cluster), Line: 1}
	return found.Objects
}

// withClusters adds the objects that stand for the clusters themselves.
func withClusters(objects []*validation.Object) []*validation.Object {
	seen := map[string]bool{}
	for _, o := range slices.Clone(objects) {
		if !seen[o.Cluster] {
			seen[o.Cluster] = true
			objects = append(objects, &validation.Object{ID: validation.ID{Cluster: o.Cluster, Kind: validation.Cluster, Name: o.Cluster}})
		}
	}
	return objects
}
