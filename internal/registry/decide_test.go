package registry

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// secret is an object of the name s; owner "" for an original.
func secret(t testing.TB, owner, extra string) *unstructured.Unstructured {
	t.Helper()
	o := object(t, "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: ns}}")
	mark(o, v1alpha1.OwnershipAnnotation, owner)
	mark(o, extra, "true")
	return o
}

func mark(o *unstructured.Unstructured, key, value string) {
	if key == "" || value == "" {
		return
	}
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	o.SetAnnotations(annotations)
}

// The cluster is called me; its peers are a, b and c.
func TestDecide(t *testing.T) {
	disabled := v1alpha1.SyncDisabledAnnotation
	has := func(peer string, o *unstructured.Unstructured) holding { return holding{peer, o} }
	lacks := func(peer string) holding { return holding{peer: peer} }
	none := (*unstructured.Unstructured)(nil)
	for name, test := range map[string]struct {
		here       *unstructured.Unstructured
		sources    []holding
		registered string
		from       string // peers that the rule copies from
		want       string // what is done: "a" for a copy of a's, "delete", "" for nothing
		problem    bool
	}{
		"a peer's object is copied":                                   {none, []holding{has("a", secret(t, "", ""))}, "a", "a", "a", false},
		"nobody has it":                                               {none, []holding{lacks("a")}, "a", "a", "", false},
		"its sync is disabled":                                        {none, []holding{has("a", secret(t, "", disabled))}, "a", "a", "", false},
		"a feature is missing":                                        {none, []holding{has("a", secret(t, "", ""))}, "a", "", "", false},
		"it came from here":                                           {none, []holding{has("a", secret(t, "me", ""))}, "a", "a", "", false},
		"this cluster has one of its own":                             {secret(t, "", ""), []holding{has("a", secret(t, "", ""))}, "a", "a", "", true},
		"a copy is kept as the original is":                           {secret(t, "a", ""), []holding{has("a", secret(t, "", ""))}, "a", "a", "a", false},
		"a copy whose sync is disabled":                               {secret(t, "a", disabled), []holding{has("a", secret(t, "", ""))}, "a", "a", "", false},
		"the original is gone":                                        {secret(t, "a", ""), []holding{lacks("a"), has("b", secret(t, "a", ""))}, "a b", "a b", "delete", false},
		"the original is gone, its copy disabled":                     {secret(t, "a", disabled), []holding{lacks("a")}, "a", "a", "", false},
		"the original's cluster does not answer":                      {secret(t, "a", ""), nil, "a", "a", "", false},
		"it does not answer, and another has a copy":                  {secret(t, "a", ""), []holding{has("b", secret(t, "a", ""))}, "a b", "a b", "", false},
		"it does not answer, and another's copy is missing here":      {none, []holding{has("b", secret(t, "a", ""))}, "a b", "a b", "a", false},
		"it answers, and the copy of another is ignored":              {none, []holding{lacks("a"), has("b", secret(t, "a", ""))}, "a b", "a b", "", false},
		"a cluster that is not in the group":                          {none, []holding{has("b", secret(t, "x", ""))}, "b", "b", "", false},
		"a cluster that left the group":                               {secret(t, "x", ""), []holding{lacks("b")}, "b", "b", "delete", false},
		"two originals: the first":                                    {none, []holding{has("b", secret(t, "", "")), has("a", secret(t, "", ""))}, "a b", "a b", "a", false},
		"two originals: the one that is here":                         {secret(t, "b", ""), []holding{has("a", secret(t, "", "")), has("b", secret(t, "", ""))}, "a b", "a b", "b", false},
		"two originals: the one here is unknown":                      {secret(t, "b", ""), []holding{has("a", secret(t, "", ""))}, "a b", "a b", "", true},
		"the original's cluster left, another has an original of its": {secret(t, "x", ""), []holding{has("a", secret(t, "", ""))}, "a", "a", "a", false},
	} {
		t.Run(name, func(t *testing.T) {
			v := view{
				clusterID: "me", registered: map[string]bool{}, answering: map[string]bool{}, sources: test.sources,
				local:   func(objectKey) *unstructured.Unstructured { return test.here },
				adopted: func(*unstructured.Unstructured) string { return "" },
				left:    func(string) bool { return false },
			}
			for _, id := range strings.Fields(test.registered) {
				v.registered[id] = true
			}
			for _, s := range test.sources {
				v.answering[s.peer] = true
			}
			if test.here != nil && ownerOf(test.here) != "" {
				v.copies = []*unstructured.Unstructured{test.here}
			}
			r := rule{name: "r", spec: &v1alpha1.ResourceSyncRuleSpec{Rules: []v1alpha1.SyncRule{{}}}, from: map[string]bool{}}
			for _, id := range strings.Fields(test.from) {
				r.from[id] = true
			}
			d, err := v.decide([]rule{r})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			switch {
			case len(d.writes) > 0:
				got = ownerOf(d.writes[0].desired)
			case len(d.remove) > 0:
				got = "delete"
			}
			if got != test.want || (d.problem != "") != test.problem {
				t.Errorf("done %q, problem %q; want %q, %t", got, d.problem, test.want, test.problem)
			}
		})
	}
}

// Clusters may have objects of the same name whose copies are apart: each gets its own, and one that has nothing here yet
// does not wait for the other.
func TestDecideOriginalsOfTheSameName(t *testing.T) {
	spec := read[v1alpha1.ResourceSyncRuleSpec](t, `
groupVersionKind: {kind: Secret, version: v1}
rules: [{mutations: {overrides: [{path: /metadata/name, value: "{{ .Object.GetName }}-{{ .Cluster.GetName }}"}]}}]
`)
	known := map[string]bool{"a": true, "b": true}
	v := view{
		clusterID: "me", registered: known, answering: known, names: map[string]string{"a": "first", "b": "second"},
		sources: []holding{{"a", secret(t, "", "")}, {"b", secret(t, "", "")}},
		local:   func(objectKey) *unstructured.Unstructured { return nil },
		adopted: func(*unstructured.Unstructured) string { return "" },
		left:    func(string) bool { return false },
	}
	rules := []rule{{name: "r", spec: &spec, from: known}}
	written := func() []string {
		d, err := v.decide(rules)
		if err != nil || d.problem != "" {
			t.Fatalf("%+v, %v", d, err)
		}
		var objects []*unstructured.Unstructured
		for _, w := range d.writes {
			objects = append(objects, w.desired)
		}
		return append(names(objects), names(d.remove)...)
	}
	if got := strings.Join(written(), ","); got != "Secret ns/s-first,Secret ns/s-second" {
		t.Errorf("written: %s", got)
	}
	d, _ := v.decide(rules)
	v.copies = []*unstructured.Unstructured{d.writes[0].desired, d.writes[1].desired}
	v.sources[1].object = nil
	if got := strings.Join(written(), ","); got != "Secret ns/s-first,Secret ns/s-second" { // the latter is removed
		t.Errorf("written and removed: %s", got)
	}
}

// Credentials are taken from whoever has newer ones: they may be what it takes to reach their cluster again. A Cluster
// is also taken from a peer before its cluster is in the group: that is how it comes into it.
func TestDecideRegistrations(t *testing.T) {
	rules := []rule{{name: "r", spec: &v1alpha1.ResourceSyncRuleSpec{Rules: []v1alpha1.SyncRule{{}}}, from: map[string]bool{"b": true}}}
	credential := object(t, "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: k8s.cisco.com/cluster-registry-secret}")
	mark(credential, v1alpha1.OwnershipAnnotation, "a")
	known := object(t, "{apiVersion: clusterregistry.k8s.cisco.com/v1alpha1, kind: Cluster, metadata: {name: a}, spec: {clusterID: a}}")
	mark(known, v1alpha1.OwnershipAnnotation, "a")
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	known.SetCreationTimestamp(metav1.NewTime(made))
	for name, test := range map[string]struct {
		offered, here *unstructured.Unstructured
		registered    []string
		departed      time.Time
		applied       bool
	}{
		"a newer credential":             {credential, credential, []string{"a", "b"}, time.Time{}, true},
		"a Cluster that is unknown":      {known, nil, []string{"b"}, time.Time{}, true},
		"a credential before it":         {credential, nil, []string{"b"}, time.Time{}, false},
		"a Cluster that has left since":  {known, nil, []string{"b"}, made.Add(time.Second), false},
		"a Cluster that came back since": {known, nil, []string{"b"}, made.Add(-time.Second), true},
	} {
		v := view{
			clusterID: "me", registered: map[string]bool{}, answering: map[string]bool{"b": true}, sources: []holding{{"b", test.offered}},
			local: func(objectKey) *unstructured.Unstructured { return test.here },
			adopted: func(o *unstructured.Unstructured) string {
				if isCluster(o) || slices.Contains(test.registered, "a") {
					return "a"
				}
				return ""
			},
			left:     func(string) bool { return false },
			departed: dismissals{"a": test.departed},
		}
		for _, id := range test.registered {
			v.registered[id] = true
		}
		d, err := v.decide(rules)
		if err != nil || (len(d.writes) > 0) != test.applied {
			t.Errorf("%s: %+v, %v; want applied %t", name, d, err, test.applied)
		}
	}
}

// What an admin brought here by hand from a peer is adopted, so that a new credential of the peer arrives.
func TestAdoptedObjectsFollowTheirPeer(t *testing.T) {
	here := object(t, "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: k8s.cisco.com/cluster-registry-secret}")
	v := view{
		clusterID: "me", registered: map[string]bool{"a": true}, answering: map[string]bool{"a": true}, sources: []holding{{"a", here.DeepCopy()}},
		local:   func(objectKey) *unstructured.Unstructured { return here },
		adopted: func(*unstructured.Unstructured) string { return "a" },
		left:    func(string) bool { return false },
	}
	rules := []rule{{name: "r", spec: &v1alpha1.ResourceSyncRuleSpec{Rules: []v1alpha1.SyncRule{{}}}, from: map[string]bool{"a": true}}}
	if d, err := v.decide(rules); err != nil || len(d.writes) != 1 || d.writes[0].live == nil {
		t.Errorf("not adopted: %+v, %v", d, err)
	}
	v.sources = []holding{{peer: "a"}}
	if d, err := v.decide(rules); err != nil || slices.Contains(names(d.remove), "Secret a") {
		t.Errorf("what an admin made is deleted: %+v, %v", d, err)
	}
}

// A peer is lost only when it is known to have left: not while it makes a new credential, or its Cluster anew.
func TestPeersAreNotLost(t *testing.T) {
	known := object(t, "{apiVersion: clusterregistry.k8s.cisco.com/v1alpha1, kind: Cluster, metadata: {name: a}, spec: {clusterID: a}}")
	credential := object(t, "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: k8s.cisco.com/cluster-registry-secret}")
	for name, test := range map[string]struct {
		here       *unstructured.Unstructured
		registered bool
		left       bool
		deleted    bool
	}{
		"a new credential is being made":     {credential, true, false, false},
		"a Cluster is being made anew":       {known, true, false, false},
		"the Cluster of a peer that left":    {known, true, true, true},
		"the credential of a peer that left": {credential, false, true, true},
	} {
		mark(test.here, v1alpha1.OwnershipAnnotation, "a")
		v := view{
			clusterID: "me", registered: map[string]bool{"a": test.registered}, answering: map[string]bool{"a": true}, sources: []holding{{peer: "a"}},
			copies: []*unstructured.Unstructured{test.here}, left: func(string) bool { return test.left },
		}
		if d, err := v.decide(nil); err != nil || (len(d.remove) == 1) != test.deleted {
			t.Errorf("%s: %+v, %v; want deleted %t", name, d, err, test.deleted)
		}
	}
}
