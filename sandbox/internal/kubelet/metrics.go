package kubelet

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// collector is a function that measures as a Prometheus collector whose metrics are not known in advance.
type collector func(chan<- prometheus.Metric)

// Describe implements prometheus.Collector.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(metrics chan<- prometheus.Metric) { c(metrics) }

func (s *server) metricsHandler(measure collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(measure)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// family is one metric with its labels.
type family struct {
	description *prometheus.Desc
	kind        prometheus.ValueType
}

func counter(name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

func gauge(name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func (f family) with(value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(f.description, f.kind, value, labels...)
}

const seconds = 1e9 // nanoseconds

// cadvisorMetrics are those of containers under the names and labels that cAdvisor gives them.
func (s *server) cadvisorMetrics(metrics chan<- prometheus.Metric) {
	labels := []string{"container", "id", "image", "name", "namespace", "pod"}
	cpu := counter("container_cpu_usage_seconds_total", "Cumulative cpu time consumed in seconds.", append(labels, "cpu")...)
	memory := gauge("container_memory_working_set_bytes", "Current working set in bytes.", labels...)
	started := gauge("container_start_time_seconds", "Start time of the container since unix epoch in seconds.", labels...)
	for _, pod := range s.sample() {
		for _, c := range pod.containers {
			id := c.container.ID()
			values := []string{c.container.Spec().Name, "/kubepods/pod" + string(pod.pod.UID) + "/" + id, pod.image(c), id, pod.pod.Namespace, pod.pod.Name}
			metrics <- cpu.with(c.cpu.Seconds(), append(values, "total")...)
			metrics <- memory.with(float64(c.memory), values...)
			metrics <- started.with(float64(c.container.Status().Started.UnixNano())/seconds, values...)
		}
	}
}

// resourceMetrics are what autoscaling and kubectl top need.
func (s *server) resourceMetrics(metrics chan<- prometheus.Metric) {
	ofContainer, ofPod := []string{"container", "namespace", "pod"}, []string{"namespace", "pod"}
	containerCPU := counter("container_cpu_usage_seconds_total", "Cumulative cpu time consumed by the container in core-seconds", ofContainer...)
	containerMemory := gauge("container_memory_working_set_bytes", "Current working set of the container in bytes", ofContainer...)
	started := gauge("container_start_time_seconds", "Start time of the container since unix epoch in seconds", ofContainer...)
	podCPU := counter("pod_cpu_usage_seconds_total", "Cumulative cpu time consumed by the pod in core-seconds", ofPod...)
	podMemory := gauge("pod_memory_working_set_bytes", "Current working set of the pod in bytes", ofPod...)
	for _, pod := range s.sample() {
		namespace, name := pod.pod.Namespace, pod.pod.Name
		metrics <- podCPU.with(pod.total.cpu.Seconds(), namespace, name)
		metrics <- podMemory.with(float64(pod.total.memory), namespace, name)
		for _, c := range pod.containers {
			values := []string{c.container.Spec().Name, namespace, name}
			metrics <- containerCPU.with(c.cpu.Seconds(), values...)
			metrics <- containerMemory.with(float64(c.memory), values...)
			metrics <- started.with(float64(c.container.Status().Started.UnixNano())/seconds, values...)
		}
	}
	failed := gauge("resource_scrape_error", "1 if there was an error while getting container metrics, 0 otherwise")
	machine, err := readMachine()
	if err != nil {
		s.Log.Warn("node not measured", "error", err)
		metrics <- failed.with(1)
		return
	}
	metrics <- failed.with(0)
	metrics <- counter("node_cpu_usage_seconds_total", "Cumulative cpu time consumed by the node in core-seconds").with(machine.cpu.Seconds())
	metrics <- gauge("node_memory_working_set_bytes", "Current working set of the node in bytes").with(float64(machine.memory))
}
