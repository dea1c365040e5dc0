package platform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

type mergedSettings struct {
	Image struct {
		Repository string `json:"repository,omitempty"`
		Tag        string `json:"tag,omitempty"`
	} `json:"image"`
	Args  []string `json:"args,omitempty"`
	Count int      `json:"count,omitempty"`
}

func newSettings(repository, tag string, count int, args ...string) mergedSettings {
	settings := mergedSettings{Count: count, Args: args}
	settings.Image.Repository, settings.Image.Tag = repository, tag
	return settings
}

// Settings are the defaults, then the ControlPlane's fields, then valuesOverride: maps are merged,
// everything else is replaced.
func TestSettle(t *testing.T) {
	defaults, fields := newSettings("docker.io/a", "v1", 1, "--default"), newSettings("", "v2", 0)
	for name, test := range map[string]struct {
		values string
		want   mergedSettings
		err    string
	}{
		"no override":         {"", newSettings("docker.io/a", "v2", 1, "--default"), ""},
		"an object":           {`{"image":{"repository":"docker.io/b"},"args":["--one"]}`, newSettings("docker.io/b", "v2", 1, "--one"), ""},
		"YAML as text":        {`"image:\n  tag: v3\ncount: 1000000\n"`, newSettings("docker.io/a", "v3", 1000000, "--default"), ""},
		"an unknown field":    {`{"image":{"colour":"red"}}`, mergedSettings{}, `spec.x.valuesOverride: unknown field "image.colour"`},
		"a managed field":     {`{"hostNetwork":false}`, mergedSettings{}, "spec.x.valuesOverride: hostNetwork is managed by the product and cannot be overridden"},
		"a managed part":      {`{"istio":{"enabled":false}}`, mergedSettings{}, "istio.enabled is managed by the product"},
		"no object":           {`["a"]`, mergedSettings{}, "neither an object nor YAML of one"},
		"text that is no map": {`"just words"`, mergedSettings{}, "neither an object nor YAML of one"},
		"the wrong type":      {`{"count":"many"}`, mergedSettings{}, "spec.x.valuesOverride: "},
	} {
		t.Run(name, func(t *testing.T) {
			over := override{path: "spec.x.valuesOverride", managed: []string{"hostNetwork", "istio.enabled"}}
			if test.values != "" {
				over.values = &apiextensionsv1.JSON{Raw: []byte(test.values)}
			}
			got, err := settle(defaults, fields, over)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v; want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever users write into valuesOverride is settled or refused.
func FuzzSettle(f *testing.F) {
	for _, seed := range []string{`{"count":1}`, `"count: 1"`, `null`, `"a: &a [*a]"`, `{"image":null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, values string) {
		over := override{path: "spec.x.valuesOverride", values: &apiextensionsv1.JSON{Raw: []byte(values)}, managed: []string{"image.tag"}}
		settled, err := settle(newSettings("a", "v1", 1), nil, over)
		if err == nil && settled.Image.Tag != "v1" && settled.Image.Tag != "" {
			t.Errorf("valuesOverride %q changed a managed setting to %q", values, settled.Image.Tag)
		}
	})
}
