package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/meshmanager/smm/internal/signin"
)

var root = signin.User{Name: "root", Groups: []string{"system:masters"}}

func quoted(t *testing.T, text string) string {
	t.Helper()
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

type applied struct {
	ApplyResource struct {
		Resource, Conflict *struct{ ID, ResourceVersion, Yaml string }
		Problems           []struct{ Message, Path string }
	}
}

func (a *api) apply(t *testing.T, yaml, more string) applied {
	t.Helper()
	const fields = `{ resource { id resourceVersion yaml } conflict { id resourceVersion yaml } problems { message path } }`
	answer := a.ask(t, root, fmt.Sprintf(`mutation { applyResource(cluster: "c1", yaml: %s%s) %s }`, quoted(t, yaml), more, fields))
	var result applied
	if err := json.Unmarshal([]byte(answer.data), &result); err != nil {
		t.Fatalf("%s %s: %v", answer.data, answer.errors, err)
	}
	return result
}

// The way of an editor: try, create, change, meet somebody else's change, delete.
func TestAResourceIsEditedWithoutLosingAnybodysChange(t *testing.T) {
	a := startAPI(t)
	namespace := a.kube.Namespace(t)
	text := func(network string) string {
		return "apiVersion: servicemesh.cisco.com/v1alpha1\nkind: IstioControlPlane\nmetadata: {name: cp, namespace: " + namespace + "}\nspec: {networkName: " + network + "}\n"
	}
	tried := a.apply(t, text("one"), `, dryRun: true`).ApplyResource
	if tried.Resource == nil {
		t.Fatalf("dry run: %+v", tried)
	}
	if answer := a.ask(t, root, fmt.Sprintf(`{ resource(id: %q) { id } }`, tried.Resource.ID)); answer.data != `{"resource":null}` {
		t.Errorf("a dry run made it: %s", answer.data)
	}
	created := a.apply(t, text("one"), "").ApplyResource
	if created.Resource == nil {
		t.Fatalf("create: %+v", created)
	}
	if strings.Contains(created.Resource.Yaml, "uid") || !strings.Contains(created.Resource.Yaml, "networkName: one") {
		t.Errorf("printed as\n%s", created.Resource.Yaml)
	}
	version := fmt.Sprintf(`, resourceVersion: %q`, created.Resource.ResourceVersion)
	if changed := a.apply(t, text("two"), version).ApplyResource; changed.Resource == nil {
		t.Fatalf("change: %+v", changed)
	}
	late := a.apply(t, text("three"), version).ApplyResource
	if late.Resource != nil || late.Conflict == nil || !strings.Contains(late.Conflict.Yaml, "networkName: two") {
		t.Errorf("a change of an older version: %+v", late)
	}
	if again := a.apply(t, text("four"), "").ApplyResource; again.Resource != nil || again.Conflict == nil {
		t.Errorf("making what exists: %+v", again)
	}
	for _, want := range []string{`{"deleteResource":true}`, `{"deleteResource":false}`} {
		if answer := a.ask(t, root, fmt.Sprintf(`mutation { deleteResource(id: %q) }`, created.Resource.ID)); answer.data != want {
			t.Errorf("delete: %s %s, want %s", answer.data, answer.errors, want)
		}
	}
}

func TestWhatIsWrongWithAResourceIsTold(t *testing.T) {
	a := startAPI(t)
	namespace := a.kube.Namespace(t)
	head := "apiVersion: servicemesh.cisco.com/v1alpha1\nkind: IstioControlPlane\nmetadata: {name: cp, namespace: " + namespace + "}\n"
	for name, test := range map[string]struct{ yaml, message, path string }{
		"no YAML":          {"a: [", "yaml", ""},
		"no object":        {"a: 1", "apiVersion and kind are needed", ""},
		"no name":          {"apiVersion: v1\nkind: ConfigMap\n", "needs a name", "metadata.name"},
		"no such kind":     {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "no kind secret", ""},
		"a field twice":    {head + "spec: {}\nspec: {}\n", "already set", ""},
		"an unknown field": {head + "spec: {colour: red}\n", `unknown field "spec.colour"`, ""},
		"a wrong value":    {head + "spec: {mode: LAZY}\n", "Unsupported value", "spec.mode"},
	} {
		result := a.apply(t, test.yaml, "").ApplyResource
		if result.Resource != nil || len(result.Problems) == 0 || !strings.Contains(result.Problems[0].Message, test.message) || result.Problems[0].Path != test.path {
			t.Errorf("%s: %+v", name, result)
		}
	}
}

func TestQueriesThatAskTooMuchAreRefused(t *testing.T) {
	a := startAPI(t)
	deep := strings.Repeat("services { workloads { ", 15) + "name" + strings.Repeat(" } }", 15)
	wide := "{ "
	for i := range 300 {
		wide += fmt.Sprintf("a%d: services { items { name ports { name number } } } ", i)
	}
	for name, query := range map[string]string{
		"30 levels deep": `{ services { items { workloads { ` + deep + ` } } } }`,
		"too many":       wide + "}",
		"a page of many": `{ services(first: 501) { total } }`,
		"a wrong cursor": `{ services(after: "x") { total } }`,
		"no such field":  `{ passwords }`,
		"no ID":          `{ service(id: "x") { name } }`,
	} {
		answer := a.ask(t, root, query)
		if len(answer.errors) < 10 {
			t.Errorf("%s: %s %s", name, answer.data, answer.errors)
		}
	}
}
