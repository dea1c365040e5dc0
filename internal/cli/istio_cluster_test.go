package cli

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// createWithStatus makes the objects of a file, with their status, in a cluster that serves the product's kinds.
func createWithStatus(t *testing.T, c client.Client, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			t.Fatal(err)
		}
		status := object.Object["status"]
		err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
			err := c.Create(ctx, object)
			return err == nil || apierrors.IsAlreadyExists(err), nil // until the definitions are served
		})
		if err != nil {
			t.Fatalf("make %s %s: %v", object.GetKind(), object.GetName(), err)
		}
		object.Object["status"] = status
		if err := c.Status().Update(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}

// The status of the mesh shows its clusters, and with -o wide how each gets on with each other.
func TestIstioClusterStatus(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.Another(2)) // others leave a mesh
	c, err := newClient(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range definitions {
		if err := c.Create(t.Context(), definition); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	createWithStatus(t, c, "testdata/clusters/known.yaml")
	for golden, format := range map[string]string{"status.txt": "table", "status-wide.txt": "wide", "status.yaml": "yaml"} {
		code, out, failure := run(t, "istio", "cluster", "status", "-c", cluster.Kubeconfig, "-o", format)
		if code != exitOK {
			t.Fatalf("-o %s: exit code %d, %s", format, code, failure)
		}
		path := "testdata/clusters/" + golden
		if *update {
			if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out); diff != "" {
			t.Errorf("-o %s (-want +got):\n%s", format, diff)
		}
	}
	if code, _, failure := run(t, "istio", "cluster", "status", "-c", cluster.Kubeconfig, "-o", "tall"); code != exitUsage {
		t.Errorf("-o tall: exit code %d, %s", code, failure)
	}
}
