package registry

import (
	"testing"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

const matched = `
apiVersion: v1
kind: Secret
metadata:
  name: a
  namespace: ns
  labels: {app: kafka, tier: back}
  annotations: {note: some text}
type: k8s.cisco.com/cluster-registry-secret
data: {tls.crt: eA==}
spec: {ports: [{port: 80}], active: true}
`

// Every documented way to match an object says yes to what it describes, and no to what it does not.
func TestMatching(t *testing.T) {
	for match, want := range map[string]bool{
		`{}`:                                                     true,
		`{objectKey: {name: a}}`:                                 true,
		`{objectKey: {name: b}}`:                                 false,
		`{objectKey: {name: a, namespace: ns}}`:                  true,
		`{objectKey: {namespace: m}}`:                            false,
		`{objectKey: null, name: a, namespace: ns}`:              true,
		`{objectKey: null, name: b, namespace: ns}`:              false,
		`{namespaces: [m, ns]}`:                                  true,
		`{namespaces: [m]}`:                                      false,
		`{labels: [{matchLabels: {app: kafka}}], objectKey: {}}`: true,
		`{labels: [{matchLabels: {app: kafka, tier: front}}]}`:   false,
		`{labels: [{matchLabels: {app: x}}, {matchExpressions: [{key: tier, operator: Exists}]}]}`: true,
		`{annotations: [{matchAnnotations: {note: some text}}]}`:                                   true,
		`{annotations: [{matchExpressions: [{key: note, operator: DoesNotExist}]}]}`:               false,
		`{content: [{key: type, value: k8s.cisco.com/cluster-registry-secret}]}`:                   true,
		`{content: [{key: type, value: Opaque}]}`:                                                  false,
		`{content: [{key: spec.ports.0.port, value: 80}, {key: spec.active, value: "true"}]}`:      true,
		`{content: [{key: spec.ports.1.port, value: 80}]}`:                                         false,
		`{content: [{key: data.tls\.crt, value: eA==}]}`:                                           true,
		`{content: [{key: data.tls.crt, value: eA==}]}`:                                            false,
	} {
		spec := v1alpha1.ResourceSyncRuleSpec{Rules: []v1alpha1.SyncRule{{Matches: []v1alpha1.SyncRuleMatch{read[v1alpha1.SyncRuleMatch](t, match)}}}}
		rules, err := Matching(&spec, object(t, matched))
		if err != nil {
			t.Errorf("%s: %v", match, err)
		}
		if got := len(rules) == 1; got != want {
			t.Errorf("%s: matches %t, want %t", match, got, want)
		}
	}
}

// A selector that is none is an error, not a rule for everything or nothing.
func TestMatchingRefusesBrokenSelectors(t *testing.T) {
	spec := read[v1alpha1.ResourceSyncRuleSpec](t, `
groupVersionKind: {kind: Secret, version: v1}
rules: [{match: [{labels: [{matchExpressions: [{key: app, operator: Like}]}]}]}]`)
	if _, err := Matching(&spec, object(t, matched)); err == nil {
		t.Error("no error for an unknown operator")
	}
}

func TestMatchesFeatures(t *testing.T) {
	features := read[[]v1alpha1.ClusterFeature](t, `
- {metadata: {name: a, labels: {stage: test}}, spec: {featureName: kafka}}
- {metadata: {name: b}, spec: {featureName: other}}`)
	for match, want := range map[string]bool{
		`[]`:                     true,
		`[{featureName: kafka}]`: true,
		`[{featureName: none}]`:  false,
		`[{featureName: none}, {featureName: other}]`:                     true,
		`[{featureName: kafka, matchLabels: {stage: test}}]`:              true,
		`[{featureName: other, matchLabels: {stage: test}}]`:              false,
		`[{matchExpressions: [{key: stage, operator: In, values: [x]}]}]`: false,
	} {
		spec := v1alpha1.ResourceSyncRuleSpec{ClusterFeatureMatches: read[[]v1alpha1.ClusterFeatureMatch](t, match)}
		if got, err := MatchesFeatures(&spec, features); err != nil || got != want {
			t.Errorf("%s: %t, %v; want %t", match, got, err, want)
		}
	}
}

// What a peer is asked for holds everything that the rules can match, and as little else as can be told.
func TestScope(t *testing.T) {
	secrets := func(matches string) *v1alpha1.ResourceSyncRuleSpec {
		spec := read[v1alpha1.ResourceSyncRuleSpec](t, "{groupVersionKind: {kind: Secret, version: v1}, rules: [{match: "+matches+"}]}")
		return &spec
	}
	core := secrets(`[{namespaces: [cluster-registry], content: [{key: type, value: k8s.cisco.com/cluster-registry-secret}]}]`)
	named := secrets(`[{objectKey: null, name: test-secret, namespace: cluster-registry}]`)
	for name, test := range map[string]struct {
		specs []*v1alpha1.ResourceSyncRuleSpec
		want  string
	}{
		"credentials":     {[]*v1alpha1.ResourceSyncRuleSpec{core}, "metadata.namespace=cluster-registry,type=k8s.cisco.com/cluster-registry-secret"},
		"one object":      {[]*v1alpha1.ResourceSyncRuleSpec{named}, "metadata.namespace=cluster-registry,metadata.name=test-secret"},
		"both":            {[]*v1alpha1.ResourceSyncRuleSpec{core, named}, "metadata.namespace=cluster-registry"},
		"two names":       {[]*v1alpha1.ResourceSyncRuleSpec{secrets(`[{objectKey: {name: a}}, {objectKey: {name: b}}]`)}, ""},
		"by label":        {[]*v1alpha1.ResourceSyncRuleSpec{secrets(`[{labels: [{matchLabels: {a: b}}]}]`)}, ""},
		"everything also": {[]*v1alpha1.ResourceSyncRuleSpec{named, secrets(`[]`)}, ""},
	} {
		if got := scopeOf(test.specs).selector(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
