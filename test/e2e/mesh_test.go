package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshmanager/smm/internal/allspark/answer"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

func TestControlPlaneIsListedAsDocumented(t *testing.T) {
	output := kubectl(t, "", "get", "icp", "-A")
	rows := sandboxtest.Table(output)
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1:\n%s", len(rows), output)
	}
	for column, want := range map[string]string{
		"NAMESPACE": controlPlaneNamespace, "NAME": controlPlane, "MODE": "ACTIVE", "STATUS": "Available", "ERROR": "",
	} {
		if got, ok := rows[0][column]; !ok || got != want {
			t.Errorf("column %s is %q, want %q:\n%s", column, got, want, output)
		}
	}
	for _, column := range []string{"NETWORK", "MESH EXPANSION", "EXPANSION GW IPS", "AGE"} {
		if _, ok := rows[0][column]; !ok {
			t.Errorf("there is no column %s:\n%s", column, output)
		}
	}
}

func TestSandboxUpEndsWithWhatIsRunning(t *testing.T) {
	for _, want := range []string{"c1", controlPlane, box.Kubeconfig} {
		if !strings.Contains(box.Output, want) {
			t.Errorf("the output does not tell of %q:\n%s", want, box.Output)
		}
	}
}

// Every call that a demo service is configured to make must be encrypted, and both ends must know each other by
// the identity of their service accounts.
func TestEachDemoCallIsMutualTLS(t *testing.T) {
	calls := 0
	for _, pod := range box.Pods(t, demoNamespace, "app.kubernetes.io/part-of=smm-demo") {
		requests := sandboxtest.Requests(t, &pod)
		if len(requests) == 0 {
			continue
		}
		from := box.CallerIn(t, demoNamespace, pod.Name)
		for _, r := range requests {
			callee := sandboxtest.Identity(demoNamespace, serviceAccountBehind(t, r.Host))
			caller := sandboxtest.Identity(demoNamespace, pod.Spec.ServiceAccountName)
			report := from.Call(r.String(), 5)
			calls++
			if report.Succeeded != 5 {
				t.Errorf("%s → %s: %d of 5 calls succeeded: %v %v", pod.Name, r, report.Succeeded, report.Errors, report.Messages)
				continue
			}
			if got := slices.Collect(maps.Keys(report.ByIdentity)); len(got) != 1 || got[0] != callee {
				t.Errorf("%s → %s: the caller sees %q, want %q", pod.Name, r, got, callee)
			}
			if got := slices.Collect(maps.Keys(report.ByCaller)); len(got) != 1 || got[0] != caller {
				t.Errorf("%s → %s: the callee sees %q, want %q", pod.Name, r, got, caller)
			}
			checkTree(t, report.Sample, caller)
		}
	}
	if calls < 12 {
		t.Errorf("only %d pairs of services call each other", calls)
	}
	t.Logf("%d pairs of services call each other, all with mutual TLS", calls)
}

// checkTree checks what an answer, and the answers that it holds, say of their callers.
func checkTree(t *testing.T, sample json.RawMessage, caller string) {
	t.Helper()
	var a answer.Answer
	if err := json.Unmarshal(sample, &a); err != nil {
		t.Errorf("answer %s: %v", sample, err)
		return
	}
	if !a.Caller.MutualTLS || a.Caller.Identity != caller {
		t.Errorf("%s was called by %q, mutual TLS %t; want %q", a.Service, a.Caller.Identity, a.Caller.MutualTLS, caller)
	}
	for _, call := range a.Calls {
		if call.Succeeded != call.Sent {
			t.Errorf("%s → %s: %d of %d calls succeeded: %v", a.Service, call.Target, call.Succeeded, call.Sent, call.Messages)
		}
		for _, nested := range call.Answers {
			checkTree(t, nested, sandboxtest.Identity(demoNamespace, a.Service))
		}
	}
}

func TestADemoServiceRefusesPlaintext(t *testing.T) {
	from := box.CallerIn(t, demoNamespace, demoPod(t, "catalog", "v1").Name)
	if report := from.Call("grpc://movies:8082", 3, plaintext); report.Succeeded != 0 || len(report.Errors) == 0 {
		t.Errorf("%d of 3 calls without TLS succeeded", report.Succeeded)
	}
}

// serviceAccountBehind is the one service account of the pods of a demo service.
func serviceAccountBehind(t *testing.T, name string) string {
	t.Helper()
	service, err := kubernetesClient(t).CoreV1().Services(demoNamespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	accounts := map[string]bool{}
	for _, pod := range box.Pods(t, demoNamespace, labels.SelectorFromSet(service.Spec.Selector).String()) {
		accounts[pod.Spec.ServiceAccountName] = true
	}
	if len(accounts) != 1 {
		t.Fatal(fmt.Errorf("the pods of service %s have %d service accounts, want 1", name, len(accounts)))
	}
	return slices.Collect(maps.Keys(accounts))[0]
}
