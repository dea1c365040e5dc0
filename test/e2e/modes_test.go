package e2e

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each of the three modes installs the mesh on a cluster without one, and its removal leaves exactly what is documented:
// the custom resource definitions, and of the operator its namespace.
func TestEachModeLeavesWhatIsDocumented(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	awaitQuiet(t)
	definitions := ourDefinitions(t)
	removeMesh(t)
	wantLeft(t, "the mesh of the sandbox")
	file := controlPlaneFile(t, "{clusterName: c1, smm: {enabled: true, prometheus: {enabled: true}}}")
	for _, mode := range []struct {
		name               string
		install, uninstall []string
		meanwhile          func(*testing.T) // nil for nothing
		left               []string
	}{
		{"the imperative mode", []string{"install", "-a", "--cluster-name", "c1"}, []string{"uninstall", "-a"}, nil, nil},
		{"the reconciler mode", []string{"reconcile", "--from-file", file}, []string{"uninstall", "-a"}, toTheOperatorAndBack, nil},
		{"the operator mode", []string{"operator", "install", "--from-file", file}, []string{"operator", "uninstall", "-a"}, nil, []string{"Namespace smm-registry-access"}},
	} {
		begun := time.Now()
		upgrade(t, mode.install...)
		installed := time.Since(begun)
		if status := kubectl(t, "", "get", "controlplane", "smm", "-o", "jsonpath={.status.status}"); status != "Succeeded" {
			t.Errorf("%s: the ControlPlane is %s", mode.name, status)
		}
		if mode.meanwhile != nil {
			mode.meanwhile(t)
		}
		begun = time.Now()
		upgrade(t, mode.uninstall...)
		t.Logf("%s: installed in %.1f s, removed in %.1f s", mode.name, installed.Seconds(), time.Since(begun).Seconds())
		wantLeft(t, mode.name, mode.left...)
		if diff := cmp.Diff(definitions, ourDefinitions(t)); diff != "" {
			t.Errorf("%s changed which kinds there are:\n%s", mode.name, diff)
		}
	}
}

// removeMesh removes the mesh of the sandbox for the length of the test.
func removeMesh(t *testing.T) {
	t.Helper()
	present := presentControlPlane(t)
	t.Cleanup(func() {
		endOperator(t)
		if err := errors.Join(afterwards("reconcile", "--from-file", present), afterwards("demoapp", "install")); err != nil {
			t.Error(err)
		}
	})
	upgrade(t, "uninstall", "-a")
}

// toTheOperatorAndBack has an operator take over a mesh that a command made, and go again.
func toTheOperatorAndBack(t *testing.T) {
	t.Helper()
	before := box.Snapshot(t)
	upgrade(t, "operator", "install")
	before.WantUntouched(t, "the change to the operator mode")
	upgrade(t, "operator", "uninstall")
	before.WantUntouched(t, "the change back to the reconciler mode")
	kubectl(t, "", "delete", "namespace", "smm-registry-access")
}

// ours are the names that the product and Istio give.
var ours = regexp.MustCompile(`istio|smm|cp-v1`)

// wantLeft checks that of the product and of Istio nothing is left but their kinds and what is wanted.
func wantLeft(t *testing.T, mode string, want ...string) {
	t.Helper()
	awaitQuiet(t)
	left := box.Left(t, ours)
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("%s leaves (-want +got):\n%s", mode, diff)
	}
}

// ourDefinitions are the kinds that the product and Istio define.
func ourDefinitions(t *testing.T) []string {
	t.Helper()
	return strings.Fields(kubectl(t, "", "get", "crd", "-l", "app.kubernetes.io/managed-by=smm", "-o", "name"))
}
