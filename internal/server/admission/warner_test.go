package admission

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/signin"
	"github.com/meshmanager/smm/internal/validation"
)

// board says the same of every object.
type board struct {
	findings   []validation.Finding
	namespaces []string
	unread     bool
}

func (b board) Try(context.Context, *validation.Object) ([]validation.Finding, bool) {
	return b.findings, !b.unread
}

func (b board) Has(id validation.ID) bool {
	return id.Kind == validation.Namespace && strings.Contains(strings.Join(b.namespaces, " "), id.Name)
}

// rights are what each user may list: "<user> <resource> <namespace>".
type rights map[string]bool

func (r rights) Allowed(_ context.Context, user signin.User, action access.Action) (bool, error) {
	return r[user.Name+" "+action.Resource+" "+action.Namespace], nil
}

func request(t *testing.T, manifest string) *admissionv1.AdmissionRequest {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	var object struct {
		Metadata struct{ Name, Namespace string }
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	return &admissionv1.AdmissionRequest{
		UID: "1", Namespace: object.Metadata.Namespace, Name: object.Metadata.Name, Object: runtime.RawExtension{Raw: raw},
		UserInfo: authenticationv1.UserInfo{Username: "jane"},
	}
}

const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: movies, namespace: shop}
spec: {host: movies}
`

// Users are told what is wrong with what they send, and with what else they may see.
func TestWarnings(t *testing.T) {
	own := validation.ID{Cluster: "c1", Kind: validation.DestinationRule, Namespace: "shop", Name: "movies"}
	route := validation.ID{Cluster: "c1", Kind: validation.VirtualService, Namespace: "other", Name: "movies"}
	long := strings.Repeat("é", 200)
	for _, test := range []struct {
		name     string
		findings []validation.Finding
		rights   rights
		want     []string
	}{
		{"nothing", nil, nil, nil},
		{
			"the object itself", []validation.Finding{{Check: "a/b", Severity: validation.Error, Message: "bad host", Subject: own, Field: "host"}}, nil,
			[]string{"smm error: bad host at spec.host (a/b)"},
		},
		{"a remark", []validation.Finding{{Check: "a/b", Severity: validation.Info, Message: "bad", Subject: own}}, nil, nil},
		{"another object, unseen", []validation.Finding{{Check: "a/b", Severity: validation.Error, Message: "bad", Subject: route}}, nil, nil},
		{
			"another object", []validation.Finding{{Check: "a/b", Severity: validation.Warning, Message: "bad", Subject: route}},
			rights{"jane virtualservices other": true}, []string{"smm warning: bad in virtualservice other/movies (a/b)"},
		},
		{
			"a text about another namespace, unseen",
			[]validation.Finding{{Check: "a/b", Severity: validation.Error, Message: "clashes with other/movies", Subject: own}}, nil,
			[]string{"smm error: this is about a namespace that you may not see (a/b)"},
		},
		{
			"a text about another namespace",
			[]validation.Finding{{Check: "a/b", Severity: validation.Error, Message: "clashes with other/movies", Subject: own}},
			rights{"jane destinationrules other": true}, []string{"smm error: clashes with other/movies (a/b)"},
		},
		{
			"a long text", []validation.Finding{{Check: "a/b", Severity: validation.Error, Message: long, Subject: own}}, nil,
			[]string{"smm error: " + strings.Repeat("é", 118) + "… (a/b)"},
		},
	} {
		warner := NewWarner("c1", board{findings: test.findings, namespaces: []string{"shop", "other"}}, test.rights)
		got, known := warner.warnings(t.Context(), request(t, rule))
		if diff := cmp.Diff(test.want, got); diff != "" || !known {
			t.Errorf("%s: known %t, %s", test.name, known, diff)
		}
		for _, text := range got {
			if len(text) > maxLength {
				t.Errorf("%s: the API server cuts a warning of %d bytes", test.name, len(text))
			}
		}
	}
}

// However much is wrong, what is told is bounded and says where the rest is.
func TestWarningsAreBounded(t *testing.T) {
	own := validation.ID{Cluster: "c1", Kind: validation.DestinationRule, Namespace: "shop", Name: "movies"}
	var many []validation.Finding
	for range 5 * maxWarnings {
		many = append(many, validation.Finding{Check: "a/b", Severity: validation.Error, Message: "bad", Subject: own})
	}
	got, _ := NewWarner("c1", board{findings: many}, rights{}).warnings(t.Context(), request(t, rule))
	if len(got) != maxWarnings+1 || !strings.Contains(got[maxWarnings], "smm analyze") {
		t.Errorf("%d warnings, the last is %q", len(got), got[len(got)-1])
	}
}

// What cannot be judged is told as unknown, without warnings.
func TestWarningsUnknown(t *testing.T) {
	for name, test := range map[string]struct {
		board    board
		manifest string
	}{
		"before the cluster was read": {board{unread: true}, rule},
		"an object without a name":    {board{}, "apiVersion: v1\nkind: Service\nmetadata: {generateName: a-, namespace: shop}\n"},
		"a wrong type":                {board{}, "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {ports: 3}\n"},
		"a kind that is not checked":  {board{}, "apiVersion: v1\nkind: Widget\nmetadata: {name: a, namespace: shop}\n"},
	} {
		if got, known := NewWarner("c1", test.board, rights{}).warnings(t.Context(), request(t, test.manifest)); len(got) > 0 || known {
			t.Errorf("%s: known %t, %q", name, known, got)
		}
	}
}
