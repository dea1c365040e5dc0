package clusters

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/allspark/request"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// settleTimeout is how long calls may take to succeed once both sides' pods are ready.
const settleTimeout = time.Minute

// callsEach is how many calls are made of each kind.
const callsEach = 12

// crossing is a kind of call from a pod of one cluster to a service that has pods in the other only.
type crossing struct {
	from    *sandboxtest.Cluster
	pod     corev1.Pod
	request request.Request
	callees []string // pods
}

// crossings are the calls that the demo application is configured to make from one cluster into the other.
func crossings(t *testing.T, first, peer *sandboxtest.Cluster) []crossing {
	t.Helper()
	pods := map[*sandboxtest.Cluster]map[string][]string{first: podsOf(t, first), peer: podsOf(t, peer)}
	var all []crossing
	for from, to := range map[*sandboxtest.Cluster]*sandboxtest.Cluster{first: peer, peer: first} {
		for _, pod := range from.Pods(t, demoNamespace, "app.kubernetes.io/part-of=smm-demo") {
			for _, r := range sandboxtest.Requests(t, &pod) {
				if callees := pods[to][r.Host]; len(callees) > 0 && len(pods[from][r.Host]) == 0 {
					all = append(all, crossing{from, pod, r, callees})
				}
			}
		}
	}
	return all
}

// podsOf are the names of the demo application's pods by service.
func podsOf(t *testing.T, cluster *sandboxtest.Cluster) map[string][]string {
	t.Helper()
	pods := map[string][]string{}
	for _, pod := range cluster.Pods(t, demoNamespace, "app.kubernetes.io/part-of=smm-demo") {
		pods[pod.Labels["app"]] = append(pods[pod.Labels["app"]], pod.Name)
	}
	return pods
}

// wantCrossCalls checks that every call that the demo application makes into the other cluster is answered there, by every
// pod of the service, over mutual TLS whose ends know each other by their service accounts.
func wantCrossCalls(t *testing.T, first, peer *sandboxtest.Cluster) {
	t.Helper()
	all := crossings(t, first, peer)
	if len(all) < 2 {
		t.Fatalf("the demo application makes %d kinds of calls into the other cluster", len(all))
	}
	for _, c := range all {
		from := c.from.CallerIn(t, demoNamespace, c.pod.Name)
		begun := time.Now()
		sandboxtest.Eventually(t, settleTimeout, c.String(), func() error { return c.make(from) })
		t.Logf("%s: %d calls as wanted after %.1f s", c, callsEach, time.Since(begun).Seconds())
	}
}

func (c crossing) String() string {
	return fmt.Sprintf("%s in %s → %s", c.pod.Labels["app"], c.from.Name, c.request)
}

func (c crossing) make(from sandboxtest.Caller) error {
	report, err := from.Try(c.request.String(), callsEach)
	if err != nil {
		return err
	}
	if report.Succeeded != callsEach {
		return fmt.Errorf("%d of %d calls succeeded: %v %v", report.Succeeded, callsEach, report.Errors, report.Messages)
	}
	for what, is := range map[string]struct {
		got  map[string]int
		want string
	}{
		"the caller sees": {report.ByIdentity, sandboxtest.Identity(demoNamespace, c.request.Host)},
		"the callee sees": {report.ByCaller, sandboxtest.Identity(demoNamespace, c.pod.Spec.ServiceAccountName)},
	} {
		if is.got[is.want] != callsEach {
			return fmt.Errorf("%s %v, want %s", what, is.got, is.want)
		}
	}
	for pod := range report.ByPod {
		if !slices.Contains(c.callees, pod) {
			return fmt.Errorf("answered by %s, want %s", strings.Join(slices.Sorted(maps.Keys(report.ByPod)), ", "), strings.Join(c.callees, ", "))
		}
	}
	return nil
}
