package sandboxtest

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// Objects lists what is on the cluster, by kind and name, except for events, which only tell of it.
func (c *Cluster) Objects(t *testing.T) map[string]metav1.PartialObjectMetadata {
	t.Helper()
	config := rest.CopyConfig(c.Config)
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

// kubernetesOwn are definitions of kinds, and what Kubernetes itself makes in every namespace.
var kubernetesOwn = regexp.MustCompile(`^CustomResourceDefinition |^APIService |^ConfigMap .*/kube-root-ca\.crt$|^ServiceAccount .*/default$`)

// Left names the objects on the cluster, except for Kubernetes' own, whose names match.
func (c *Cluster) Left(t *testing.T, names *regexp.Regexp) []string {
	t.Helper()
	var left []string
	for name := range c.Objects(t) {
		if names.MatchString(name) && !kubernetesOwn.MatchString(name) {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	return left
}

// Snapshot tells of each object of a cluster which one it is and how often its specification was written.
type Snapshot struct {
	cluster *Cluster
	objects map[string]string
}

// Snapshot takes a snapshot of the cluster.
func (c *Cluster) Snapshot(t *testing.T) Snapshot {
	t.Helper()
	taken := Snapshot{c, map[string]string{}}
	for name, object := range c.Objects(t) {
		taken.objects[name] = fmt.Sprintf("%s, generation %d", object.UID, object.Generation)
	}
	return taken
}

// Changes says which objects of the snapshot are gone by now, and which are others or have another specification.
func (s Snapshot) Changes(t *testing.T) (removed, touched []string) {
	t.Helper()
	now := s.cluster.Snapshot(t)
	for name, was := range s.objects {
		if is, there := now.objects[name]; !there {
			removed = append(removed, name)
		} else if is != was {
			touched = append(touched, fmt.Sprintf("%s: it was %s and is %s", name, was, is))
		}
	}
	slices.Sort(removed)
	slices.Sort(touched)
	return removed, touched
}

// WantUntouched fails the test if anything of the snapshot is gone or has changed.
func (s Snapshot) WantUntouched(t *testing.T, by string) {
	t.Helper()
	removed, touched := s.Changes(t)
	for _, name := range removed {
		t.Errorf("%s removed %s", by, name)
	}
	for _, change := range touched {
		t.Errorf("%s touched %s", by, change)
	}
	t.Logf("%s left %d objects as they were", by, len(s.objects)-len(removed)-len(touched))
}
