package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// manifests is the directory of what the documents print.
const manifests = "../../api/testdata/manifests/"

// settleTimeout is how long a documented manifest may take until it is in its state; usually it is seconds.
const settleTimeout = 90 * time.Second

// documented is a manifest with what becomes of it in the sandbox.
type documented struct {
	file, state string
	because     string // a part of the message that says why it is not better
}

// The documents' manifests of the product's own resources reconcile with the real istiod, proxies and programs, applied one
// after the other as a user follows the documents. test/conformance tries them with a stand-in for what runs in pods, and
// looks closer at what they ask for.
func TestDocumentedManifestsReconcile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	awaitQuiet(t)
	removeMesh(t)
	upgrade(t, "operator", "install", "--operator-only")
	prepareDocumented(t)
	var results bytes.Buffer
	table := tabwriter.NewWriter(&results, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MANIFEST\tSTATE\tSECONDS\tMESSAGE")
	for _, manifest := range documentedManifests() {
		t.Run(manifest.file, func(t *testing.T) {
			begun := time.Now()
			kind, namespace, name := applyDocumented(t, manifest.file)
			var state, message string
			sandboxtest.Eventually(t, settleTimeout, "it is "+manifest.state, func() error {
				state, message = documentedState(t, kind, namespace, name)
				if state != manifest.state || !strings.Contains(message, manifest.because) {
					return fmt.Errorf("it is %s: %s", state, message)
				}
				return nil
			})
			fmt.Fprintf(table, "%s\t%s\t%.1f\t%s\n", manifest.file, state, time.Since(begun).Seconds(), message)
		})
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the documents' manifests in the sandbox:\n%s", results.String())
}

func documentedManifests() []documented {
	const noImage = "istiod-cp-v115x"
	return []documented{
		{"2.3.3-istiocontrolplane-1.yaml", "Available", ""},
		{"2.3.7-istiocontrolplane-1.yaml", "Reconciling", noImage}, // its images are of another registry, by names of their own
		{"2.3.7-istiocontrolplane-2.yaml", "Available", ""},
		{"2.3.7-istiocontrolplane-3.yaml", "Unmanaged", ""}, // passive, and no peer is attached
		{"2.3.7-istiocontrolplane-4.yaml", "Available", ""},
		{"2.3.5.1-controlplane-1.yaml", "Reconciling", "nodeExporter"},
		{"2.3.6-controlplane-1.yaml", "Reconciling", "nodeExporter"},
		{"2.3.7-controlplane-1.yaml", "Reconciling", "nodeExporter"},
		{"2.3.7-controlplane-2.yaml", "Succeeded", ""},
		{"2.3.7-controlplane-3.yaml", "Succeeded", ""},
		{"2.3.7-controlplane-4.yaml", "Succeeded", ""},
		{"2.3.7-demoapplication-1.yaml", "Succeeded", ""},
		{"2.3.6-demoapplication-1.yaml", "Succeeded", ""},
		{"2.3.7-demoapplication-2.yaml", "Succeeded", ""},
		{"2.3.7-demoapplication-3.yaml", "Succeeded", ""},
		{"2.5.10.2.1-istiomeshgateway-1.yaml", "Available", ""},
		{"2.7.3-istiomeshgateway-1.yaml", "Available", ""},
		{"2.8.2-istiomeshgateway-1.yaml", "Available", ""},
		{"2.8.5-istiomeshgateway-1.yaml", "Available", ""},
		{"2.8.5-istiomeshgateway-2.yaml", "Available", ""},
	}
}

// prepareDocumented makes what the documents have users make beside the manifests, for the length of the test.
func prepareDocumented(t *testing.T) {
	t.Helper()
	namespaces := []string{"smm-demo", "istio-system", "dex", "test", "my-app"}
	t.Cleanup(func() {
		err := errors.Join(
			kubectlAfterwards("delete", "imgw,demoapplication,controlplane", "--all", "-A"),
			kubectlAfterwards("delete", "namespace", "smm-demo"), // a control plane stays while one is injected by it
			kubectlAfterwards("delete", "icp", "--all", "-A"),
			kubectlAfterwards(append([]string{"delete", "namespace", "--ignore-not-found"}, namespaces...)...),
		)
		if err != nil {
			t.Error(err)
		}
	})
	for _, namespace := range namespaces {
		kubectl(t, "", "create", "namespace", namespace)
	}
	kubectl(t, "", "label", "namespace", "smm-demo", istio.RevisionLabel+"=cp-v115x.istio-system")
	kubectl(t, "", "create", "secret", "docker-registry", "-n", "smm-registry-access", "smm-registry.eticloud.io-pull-secret",
		"--docker-server=registry.eticloud.io", "--docker-username=nobody", "--docker-password=nothing")
}

// applyDocumented applies a manifest. Only a version of Istio that no catalogue holds is raised.
func applyDocumented(t *testing.T, file string) (kind, namespace, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(manifests, file))
	if err != nil {
		t.Fatal(err)
	}
	var object struct {
		Kind     string
		Metadata struct{ Namespace, Name string }
		Spec     struct{ Version string }
	}
	if err := yaml.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	manifest := string(text)
	if version := object.Spec.Version; version != "" {
		if _, err := istio.Builtin().Find(version); err != nil {
			manifest = strings.Replace(manifest, "version: "+version, "version: "+istio.BuiltinVersion, 1)
		}
	}
	kubectl(t, manifest, "apply", "--server-side", "--force-conflicts", "-f", "-")
	return object.Kind, object.Metadata.Namespace, object.Metadata.Name
}

// documentedState is the state of a resource, with what is waited for or wrong, once it is about the present specification.
func documentedState(t *testing.T, kind, namespace, name string) (state, message string) {
	t.Helper()
	args := []string{"get", kind, name, "-o", "json"}
	if namespace != "" {
		args = append(args, "-n", namespace)
	}
	var object struct {
		Metadata struct{ Generation int64 }
		Status   struct {
			Status, ErrorMessage string
			ObservedGeneration   int64
			Conditions           []struct{ Type, Message string }
		}
	}
	if err := json.Unmarshal([]byte(kubectl(t, "", args...)), &object); err != nil {
		t.Fatal(err)
	}
	for _, condition := range object.Status.Conditions {
		if condition.Type == "Ready" {
			message = condition.Message
		}
	}
	if object.Status.ObservedGeneration != object.Metadata.Generation {
		return "", "it was not seen yet"
	}
	return object.Status.Status, strings.TrimSpace(message + " " + object.Status.ErrorMessage)
}
