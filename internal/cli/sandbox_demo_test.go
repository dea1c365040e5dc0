package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/demoapp"
)

func share(value float64) *float64 { return &value }

func TestDemoEndsWithTablesKubeconfigsAndHints(t *testing.T) {
	var out bytes.Buffer
	box := &sandbox{app: &App{Out: &out, Output: FormatTable}, stateDir: "/s"}
	err := box.printDemo([]demoCluster{{
		installedMesh: installedMesh{ClusterName: "c1", ControlPlane: "cp-v131x", Namespace: "istio-system", IstioVersion: "1.31.1"},
		Kubeconfig:    "/s/c1/kubeconfig",
		Workloads: []demoapp.WorkloadTraffic{
			{Workload: "frontpage-v1", Ready: 1, Replicas: 1, RequestsPerSecond: 10.04, SuccessRate: share(1), MutualTLS: share(0.9999)},
			{Workload: "mysql", Ready: 0, Replicas: 1, ConnectionsPerSecond: 2},
		},
	}}, &sandboxServer{Address: "127.0.0.1:50500"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"c1        cp-v131x.istio-system   1.31.1   Available   1/2         10.0\n",
		"frontpage-v1   1/1",
		"99.9%", // rounded down: 100% means all
		"kubeconfig files:\n  c1   /s/c1/kubeconfig\n",
		"The dashboard is at http://127.0.0.1:50500, ",
		"sandbox down --state-dir /s\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestIdleWorkloadsLeavesOutTheLoadGenerator(t *testing.T) {
	idle := idleWorkloads([]demoapp.WorkloadTraffic{
		{Workload: demoapp.LoadGenerator},
		{Workload: "movies-v1"},
		{Workload: "mysql", ConnectionsPerSecond: 1},
		{Workload: "frontpage-v1", RequestsPerSecond: 1},
	})
	if diff := cmp.Diff([]string{"movies-v1"}, idle); diff != "" {
		t.Errorf("idle (-want +got):\n%s", diff)
	}
}
