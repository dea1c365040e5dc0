package kubelet_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	stats "k8s.io/kubelet/pkg/apis/stats/v1alpha1"

	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func decode(t *testing.T, n *node, path string, into any) {
	t.Helper()
	code, text := n.get(path)
	if code != 200 {
		t.Fatalf("%s: %d %s", path, code, text)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

// startBusy starts a container that has used 200 ms and holds 50 MB.
func startBusy(n *node) {
	n.start(nil, containertest.ActionBusy, "200", "50000000")
	eventually(n.t, "the program has worked", func() bool {
		_, text := n.logs("")
		return strings.Contains(text, "busy")
	})
}

// values reads metrics in text form: name, labels → value.
func (n *node) values(path string) map[string]float64 {
	n.t.Helper()
	code, text := n.get(path)
	if code != 200 {
		n.t.Fatalf("%s: %d %s", path, code, text)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		n.t.Fatal(err)
	}
	values := map[string]float64{}
	for name, family := range families {
		for _, m := range family.Metric {
			value := m.GetCounter().GetValue()
			if family.GetType() == dto.MetricType_GAUGE {
				value = m.GetGauge().GetValue()
			}
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%s", l.GetName(), l.GetValue()))
			}
			values[name+" "+strings.Join(labels, " ")] = value
		}
	}
	return values
}

type between struct{ low, high float64 }

func checkValues(t *testing.T, got map[string]float64, want map[string]between) {
	t.Helper()
	for name, b := range want {
		if value, ok := got[name]; !ok || value < b.low || value > b.high {
			t.Errorf("%s is %v (found: %t), want %v to %v", name, value, ok, b.low, b.high)
		}
	}
}

var now = float64(time.Now().Unix())

func TestCadvisorMetrics(t *testing.T) {
	n := startNode(t)
	startBusy(n)
	c, _ := n.pod.Container("main")
	labels := "container=main %sid=/kubepods/poduid-1/" + c.ID() + " image=example.org/app:1 name=" + c.ID() + " namespace=test pod=pod"
	got := n.values("/metrics/cadvisor")
	checkValues(t, got, map[string]between{
		"container_cpu_usage_seconds_total " + fmt.Sprintf(labels, "cpu=total "): {0.15, 2},
		"container_memory_working_set_bytes " + fmt.Sprintf(labels, ""):          {48e6, 200e6},
		"container_start_time_seconds " + fmt.Sprintf(labels, ""):                {now - 1, now + 60},
	})
	if len(got) != 3 {
		t.Errorf("%d metrics: %v", len(got), got)
	}
}

func TestResourceMetrics(t *testing.T) {
	n := startNode(t)
	startBusy(n)
	checkValues(t, n.values("/metrics/resource"), map[string]between{
		"container_cpu_usage_seconds_total container=main namespace=test pod=pod":  {0.15, 2},
		"container_memory_working_set_bytes container=main namespace=test pod=pod": {48e6, 200e6},
		"container_start_time_seconds container=main namespace=test pod=pod":       {now - 1, now + 60},
		"pod_cpu_usage_seconds_total namespace=test pod=pod":                       {0.15, 2},
		"pod_memory_working_set_bytes namespace=test pod=pod":                      {48e6, 200e6},
		"node_cpu_usage_seconds_total ":                                            {1, 1e9},
		"node_memory_working_set_bytes ":                                           {50e6, 1e13},
		"resource_scrape_error ":                                                   {0, 0},
	})
}

func TestStatsSummary(t *testing.T) {
	n := startNode(t)
	startBusy(n)
	var summary stats.Summary
	decode(t, n, "/stats/summary", &summary)
	if summary.Node.NodeName != "c1-node" || *summary.Node.Memory.WorkingSetBytes < 50e6 || *summary.Node.CPU.UsageCoreNanoSeconds == 0 || summary.Node.StartTime.IsZero() {
		t.Errorf("node %+v", summary.Node)
	}
	if len(summary.Pods) != 1 || len(summary.Pods[0].Containers) != 1 {
		t.Fatalf("pods %+v", summary.Pods)
	}
	pod := summary.Pods[0]
	if pod.PodRef != (stats.PodReference{Name: "pod", Namespace: "test", UID: "uid-1"}) || *pod.CPU.UsageCoreNanoSeconds < 15e7 {
		t.Errorf("pod %+v", pod)
	}
	if c := pod.Containers[0]; c.Name != "main" || *c.Memory.WorkingSetBytes < 48e6 || *c.CPU.UsageCoreNanoSeconds < 15e7 || c.StartTime.IsZero() {
		t.Errorf("container %+v", c)
	}
}

func TestOwnMetrics(t *testing.T) {
	n := startNode(t)
	if code, text := n.get("/metrics"); code != 200 || !strings.Contains(text, "go_goroutines") || !strings.Contains(text, "process_resident_memory_bytes") {
		t.Errorf("%d %.200s", code, text)
	}
}
