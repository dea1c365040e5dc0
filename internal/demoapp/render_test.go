package demoapp

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/allspark/request"
)

var update = flag.Bool("update", false, "write the golden files anew")

func options(change func(*Options)) Options {
	o := DefaultOptions()
	change(&o)
	return o
}

func render(t *testing.T, o Options) []*unstructured.Unstructured {
	t.Helper()
	objects, err := Render(o)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestRender(t *testing.T) {
	tests := map[string]Options{
		"sidecar":   options(func(*Options) {}),
		"proxyless": options(func(o *Options) { o.Proxyless = true }),
		"first-cluster": options(func(o *Options) {
			o.Components = []Component{Frontpage, Catalog, Bookings, PostgreSQL}
		}),
		"peer-proxyless": options(func(o *Options) {
			o.Proxyless, o.IstioResources, o.Components = true, false, PeerComponents()
		}),
		"autoscaling": options(func(o *Options) {
			o.Autoscaling, o.Replicas, o.Revision = true, 2, "cp-v131x.istio-system"
			o.Components = []Component{Frontpage, MySQL}
		}),
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			for _, object := range render(t, o) {
				text, err := yaml.Marshal(object.Object)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString("---\n")
				got.Write(text)
			}
			golden := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (rewrite with -update):\n%s", golden, diff)
			}
		})
	}
}

// The documents list the pods of the demo application by name.
func TestWorkloadsHaveTheDocumentedNames(t *testing.T) {
	var got []string
	for _, object := range render(t, options(func(*Options) {})) {
		if object.GetKind() == "Deployment" {
			got = append(got, object.GetName())
		}
	}
	want := []string{
		"analytics-v1", "bombardier", "bookings-v1", "catalog-v1", "database-v1", "frontpage-v1", "movies-v1", "movies-v2",
		"movies-v3", "mysql", "notifications-v1", "payments-v1", "postgresql",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every call must go to a port that the called service has, in every variant.
func TestCallsReachAService(t *testing.T) {
	for _, proxyless := range []bool{false, true} {
		objects := render(t, options(func(o *Options) { o.Proxyless = proxyless }))
		ports := map[string][]string{}
		for _, object := range objects {
			if object.GetKind() == "Service" {
				list, _, _ := unstructured.NestedSlice(object.Object, "spec", "ports")
				for _, port := range list {
					fields := port.(map[string]any)
					ports[object.GetName()] = append(ports[object.GetName()], strings.SplitN(fields["name"].(string), "-", 2)[0])
				}
			}
		}
		calls := 0
		for _, object := range objects {
			for _, r := range requestsOf(t, object) {
				calls++
				if !slices.Contains(ports[r.Host], r.Protocol) {
					t.Errorf("%s calls %s, but service %s has only %v", object.GetName(), r, r.Host, ports[r.Host])
				}
			}
		}
		if calls < 12 {
			t.Errorf("only %d calls found", calls)
		}
	}
}

func requestsOf(t *testing.T, object *unstructured.Unstructured) []request.Request {
	t.Helper()
	containers, _, _ := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
	var all []request.Request
	for _, container := range containers {
		for _, env := range container.(map[string]any)["env"].([]any) {
			variable := env.(map[string]any)
			if variable["name"] == "REQUESTS" || variable["name"] == "LOAD_TARGET" {
				requests, err := request.Parse(variable["value"].(string))
				if err != nil {
					t.Errorf("%s: %v", object.GetName(), err)
				}
				all = append(all, requests...)
			}
		}
	}
	return all
}

func TestDatabasesAreCalledOnlyWhereTheyAre(t *testing.T) {
	without := options(func(o *Options) { o.Components = []Component{Frontpage, Catalog, Bookings} })
	for _, w := range workloads() {
		if w.component == Bookings {
			if got := requests(without, w); strings.Contains(got, "postgresql") {
				t.Errorf("bookings calls %q without the database", got)
			}
			if got := requests(options(func(*Options) {}), w); got != "http://analytics:8080/#1 http://payments:8080/#1 tcp://postgresql:5432#1" {
				t.Errorf("bookings calls %q", got)
			}
		}
	}
}

func TestParseComponents(t *testing.T) {
	got, err := ParseComponents("frontpage, catalog,frontpage")
	if err != nil || !slices.Equal(got, []Component{Frontpage, Catalog}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, list := range []string{"", "frontpage,", "ratings"} {
		if _, err := ParseComponents(list); err == nil || !strings.Contains(err.Error(), "choose from frontpage") {
			t.Errorf("ParseComponents(%q): error %v must list the services", list, err)
		}
	}
}

func TestImpossibleOptionsAreRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"unknown service":   options(func(o *Options) { o.Components = []Component{"ratings"} }),
		"negative replicas": options(func(o *Options) { o.Replicas = -1 }),
		"reversed load":     options(func(o *Options) { o.Load.MinRPS = 50 }),
		"no image":          options(func(o *Options) { o.Image = "" }),
	} {
		if _, err := Render(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
