package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/inventory"
)

// machines are a group with a machine that registered itself and one whose application is ill, an entry that names its
// workload by a label, and one without a proxy.
func machines(t *testing.T) inventory.Objects {
	t.Helper()
	entry := func(text string) *networkingv1.WorkloadEntry {
		parsed := parse[networkingv1.WorkloadEntry](t, text)
		return &parsed
	}
	group := parse[networkingv1.WorkloadGroup](t, `
metadata: {namespace: shop, name: analytics-v0}
spec: {metadata: {labels: {app: analytics, version: v0}}, template: {serviceAccount: analytics}}
`)
	return inventory.Objects{
		Cluster: "c1",
		Services: []corev1.Service{
			parse[corev1.Service](t, `{metadata: {namespace: shop, name: analytics}, spec: {selector: {app: analytics}}}`),
			parse[corev1.Service](t, `{metadata: {namespace: shop, name: ledger}, spec: {selector: {app: ledger}}}`),
			parse[corev1.Service](t, `{metadata: {namespace: shop, name: printer}, spec: {selector: {app: printer}}}`),
		},
		Groups: []*networkingv1.WorkloadGroup{&group},
		Entries: []*networkingv1.WorkloadEntry{
			entry(`
metadata:
  namespace: shop
  name: analytics-v0-10.1.1.2-vms
  labels: {app: analytics, version: v0}
  annotations: {istio.io/autoRegistrationGroup: analytics-v0, proxy.istio.io/health-checks-enabled: "true"}
spec: {address: 10.1.1.2, network: vms, locality: eu/eu-1, serviceAccount: analytics}
status: {conditions: [{type: Healthy, status: "True"}]}
`),
			entry(`
metadata:
  namespace: shop
  name: analytics-v0-10.1.1.1-vms
  annotations: {istio.io/autoRegistrationGroup: analytics-v0, proxy.istio.io/health-checks-enabled: "true"}
spec: {address: 10.1.1.1, labels: {app: analytics}}
`),
			entry(`
metadata: {namespace: shop, name: ledger-1, labels: {service.istio.io/workload-name: ledger}}
spec: {address: 10.1.1.3, labels: {app: ledger}, serviceAccount: ledger}
`),
			entry(`{metadata: {namespace: shop, name: printer}, spec: {address: 10.1.1.4, labels: {app: printer}}}`),
		},
	}
}

// Machines are workloads under the names that Istio gives them in metrics.
func TestMachinesAreWorkloads(t *testing.T) {
	found := inventory.Compute(machines(t))
	type row struct {
		Kind, Name, App string
		Entries         []string
		Ready           int
		InMesh          bool
	}
	var got []row
	for _, w := range found.Workloads {
		names := []string{}
		for _, entry := range w.Entries {
			names = append(names, entry.Name)
		}
		if !w.VirtualMachine() || int(w.Wanted) != len(names) {
			t.Errorf("%s: %d machines wanted", w.Name, w.Wanted)
		}
		got = append(got, row{w.Kind, w.Name, w.App, names, w.Ready(), w.InMesh})
	}
	want := []row{
		{"WorkloadGroup", "analytics-v0", "analytics", []string{"analytics-v0-10.1.1.1-vms", "analytics-v0-10.1.1.2-vms"}, 1, true},
		{"WorkloadEntry", "ledger", "ledger", []string{"ledger-1"}, 1, true},
		{"WorkloadEntry", "printer", "printer", []string{"printer"}, 1, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	first := found.Workloads[0].Entries[1]
	if first.Address != "10.1.1.2" || first.Network != "vms" || first.Locality != "eu/eu-1" || first.ServiceAccount != "analytics" {
		t.Errorf("entry %+v", first)
	}
}

func TestServicesKnowTheMachinesBehindThem(t *testing.T) {
	type row struct {
		Name      string
		Workloads []string
		InMesh    bool
	}
	var got []row
	for _, s := range inventory.Compute(machines(t)).Services {
		got = append(got, row{s.Name, s.Workloads, s.InMesh})
	}
	want := []row{{"analytics", []string{"analytics-v0"}, true}, {"ledger", []string{"ledger"}, true}, {"printer", []string{"printer"}, false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
