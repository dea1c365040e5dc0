package e2e

import (
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// allObjects lists what is on the cluster, by kind and name, except for events, which only tell of it.
func allObjects(t *testing.T) map[string]metav1.PartialObjectMetadata {
	t.Helper()
	config := rest.CopyConfig(box.config)
	config.WarningHandler = rest.NoWarnings{} // kinds that are to go are looked at too
	discovered, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	lists, err := discovered.ServerPreferredResources()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]metav1.PartialObjectMetadata{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, resource := range list.APIResources {
			if resource.Kind == "Event" || !slices.Contains([]string(resource.Verbs), "list") {
				continue
			}
			found, err := client.Resource(version.WithResource(resource.Name)).List(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatalf("list %s of %s: %v", resource.Name, version, err)
			}
			for _, item := range found.Items {
				name := item.Name
				if item.Namespace != "" {
					name = item.Namespace + "/" + name
				}
				all[resource.Kind+" "+name] = item
			}
		}
	}
	return all
}

// snapshot tells of each object which one it is and how often its specification was written.
type snapshot map[string]string

func takeSnapshot(t *testing.T) snapshot {
	t.Helper()
	taken := snapshot{}
	for name, object := range allObjects(t) {
		taken[name] = fmt.Sprintf("%s, generation %d", object.UID, object.Generation)
	}
	return taken
}

// wantUntouched fails the test if an object of the snapshot is gone, another one, or has another specification.
func (s snapshot) wantUntouched(t *testing.T, by string) {
	t.Helper()
	now := takeSnapshot(t)
	for name, was := range s {
		if is, there := now[name]; !there {
			t.Errorf("%s removed %s", by, name)
		} else if is != was {
			t.Errorf("%s touched %s: it was %s and is %s", by, name, was, is)
		}
	}
	t.Logf("%s left %d objects as they were", by, len(s))
}
