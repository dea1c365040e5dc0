package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// putBackWithin is the documented time in which the operator puts back what somebody changed.
const putBackWithin = 10 * time.Second

// A running mesh goes from one mode to the next while the demo application's calls go on, and no object is made anew or
// written to. Under the operator, commands of the other modes are refused and what somebody changes is put back.
func TestModesTakeTheMeshOver(t *testing.T) {
	awaitQuiet(t)
	calls := followLoad(t, demoNamespace, "bombardier")
	before := box.Snapshot(t)
	upgrade(t, "reconcile", "--from-file", presentControlPlane(t))
	before.WantUntouched(t, "the reconciler mode")
	t.Cleanup(func() { endOperator(t) })
	upgrade(t, "operator", "install")
	before.WantUntouched(t, "the operator mode")
	t.Run("commands are refused", testRefusals)
	t.Run("drift is put back", testDrift)
	t.Run("the load swings", testLoadSwings)

	upgrade(t, "operator", "uninstall")
	upgrade(t, "reconcile")
	kubectl(t, "", "rollout", "status", "-n", controlPlaneNamespace, "deployment/istiod-"+controlPlane)
	calls.awaitMore(50)
	calls.wantNoFailure()
}

// presentControlPlane writes the ControlPlane that is on the cluster into a file, as somebody would keep it in git.
func presentControlPlane(t *testing.T) string {
	t.Helper()
	var live struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := json.Unmarshal([]byte(kubectl(t, "", "get", "controlplane", "smm", "-o", "json")), &live); err != nil {
		t.Fatal(err)
	}
	return controlPlaneFile(t, string(live.Spec))
}

// controlPlaneFile writes a ControlPlane with the specification, which is YAML of one line.
func controlPlaneFile(t *testing.T, spec string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "control-plane.yaml")
	document := "apiVersion: smm.cisco.com/v1alpha1\nkind: ControlPlane\nmetadata: {name: smm}\nspec: " + spec + "\n"
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// endOperator removes the operator, if there is one, and its namespace: other tests are those of a mesh without it.
func endOperator(t *testing.T) {
	t.Helper()
	if err := afterwards("operator", "uninstall"); err != nil && !strings.Contains(err.Error(), "there is no operator on the cluster") {
		t.Error(err)
	}
	if err := kubectlAfterwards("delete", "namespace", "smm-registry-access", "--ignore-not-found"); err != nil {
		t.Error(err)
	}
}

// afterwards runs a command when the test, and its context, have ended.
func afterwards(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), upgradeTimeout)
	defer cancel()
	_, err := box.SMM(ctx, args...)
	return err
}

func kubectlAfterwards(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), upgradeTimeout)
	defer cancel()
	_, err := box.Kubectl(ctx, "", args...)
	return err
}

func testRefusals(t *testing.T) {
	for _, command := range [][]string{{"install", "-a"}, {"uninstall", "-a"}, {"reconcile"}, {"operator", "reconcile"}} {
		out, err := tryUpgrade(t, command...)
		if err == nil || !strings.Contains(err.Error(), "an operator manages this cluster (Deployment smm-registry-access/smm-operator)") {
			t.Errorf("smm %s beside the operator: %v, output %s", strings.Join(command, " "), err, out)
		}
	}
}

func testDrift(t *testing.T) {
	c := productClient(t)
	istiod := client.ObjectKey{Namespace: controlPlaneNamespace, Name: "istiod-" + controlPlane}
	sampling := func() (string, error) {
		var deployment appsv1.Deployment
		err := c.Get(t.Context(), istiod, &deployment)
		if err != nil {
			return "", err
		}
		for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
			if variable.Name == "PILOT_TRACE_SAMPLING" {
				return variable.Value, nil
			}
		}
		return "", nil
	}
	was, err := sampling()
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "", "set", "env", "-n", istiod.Namespace, "deployment/"+istiod.Name, "PILOT_TRACE_SAMPLING=50")
	wantPutBack(t, c, "Deployment "+istiod.String(), sampling, was)

	for _, webhook := range []client.Object{
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "istio-revision-tag-" + controlPlane + "." + controlPlaneNamespace}},
		&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "istio-validator-" + controlPlane + "-" + controlPlaneNamespace}},
	} {
		if err := c.Delete(t.Context(), webhook); err != nil {
			t.Fatal(err)
		}
		wantPutBack(t, c, "WebhookConfiguration "+webhook.GetName()+" (deleted)", func() (string, error) {
			err := c.Get(t.Context(), client.ObjectKeyFromObject(webhook), webhook)
			return webhook.GetName(), err
		}, webhook.GetName())
	}
}

// wantPutBack waits until a value is what it was and the control plane's condition tells of it. The long tests, which have
// the machine for themselves, also want it in the documented time.
func wantPutBack(t *testing.T, c client.Client, told string, value func() (string, error), want string) {
	t.Helper()
	begun := time.Now()
	sandboxtest.Eventually(t, time.Minute, told+" put back and told", func() error {
		if got, err := value(); err != nil || got != want {
			return fmt.Errorf("it is %q, want %q: %w", got, want, err)
		}
		var icp servicemeshv1alpha1.IstioControlPlane
		if err := c.Get(t.Context(), client.ObjectKey{Namespace: controlPlaneNamespace, Name: controlPlane}, &icp); err != nil {
			return err
		}
		drift := meta.FindStatusCondition(icp.Status.Conditions, "Drifted")
		if drift == nil || !strings.Contains(drift.Message, told) {
			return fmt.Errorf("told is %v", drift)
		}
		t.Logf("after %.1f s: %s", time.Since(begun).Seconds(), drift.Message)
		return nil
	})
	if took := time.Since(begun); took > putBackWithin && !testing.Short() {
		t.Errorf("%s put back and told after %v, want %v", told, took, putBackWithin)
	}
}
