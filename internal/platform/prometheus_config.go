package platform

import (
	"cmp"
	"fmt"

	"sigs.k8s.io/yaml"
)

// unnamedCluster is what the cluster of a ControlPlane without a name is called.
const unnamedCluster = "default"

type (
	settings = map[string]any
	relabel  = map[string]any
)

// prometheusConfig is the content of prometheus.yml.
func prometheusConfig(clusterName string, s *prometheusSettings, replicated bool) (string, error) {
	external := settings{"cluster": cmp.Or(clusterName, unnamedCluster)}
	if replicated {
		external[replicaLabel] = "${POD_NAME}"
	}
	config := settings{
		"global": settings{
			"scrape_interval":     string(s.Scraping.Frequency.Interval),
			"scrape_timeout":      string(s.Scraping.Frequency.Timeout),
			"evaluation_interval": string(s.Scraping.Frequency.Interval),
			"external_labels":     external,
		},
		"rule_files":     []string{prometheusConfigDir + "/" + recordingRules, "/etc/prometheus-rules/*.yaml"},
		"scrape_configs": scrapeConfigs(s),
	}
	if targets := s.alertmanagers(); len(targets) > 0 {
		config["alerting"] = settings{"alertmanagers": []settings{{"static_configs": []settings{{"targets": targets}}}}}
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("encode Prometheus' configuration: %w", err)
	}
	return string(text), nil
}

func scrapeConfigs(s *prometheusSettings) []settings {
	return append([]settings{
		{"job_name": "prometheus", "metrics_path": PrometheusPath + "/metrics", "static_configs": []settings{{"targets": []string{"localhost:9090"}}}},
		// Proxies, gateways, proxyless workloads, istiod and whoever else says so: Istio's webhook leaves the annotations, and
		// the port that they name has the metrics of the proxy and of the application behind it.
		podJob("pods", append([]relabel{
			{"source_labels": []string{"__meta_kubernetes_pod_annotation_prometheus_io_scrape"}, "action": "keep", "regex": "true"},
			{"source_labels": []string{"__meta_kubernetes_pod_annotation_prometheus_io_scheme"}, "regex": "(https?)", "target_label": "__scheme__"},
			{"source_labels": []string{"__meta_kubernetes_pod_annotation_prometheus_io_path"}, "regex": "(.+)", "target_label": "__metrics_path__"},
			// IPv6 addresses are put in brackets.
			{"source_labels": []string{"__meta_kubernetes_pod_annotation_prometheus_io_port", "__meta_kubernetes_pod_ip"},
				"regex": `(\d+);(([A-Fa-f0-9]{1,4}::?){1,7}[A-Fa-f0-9]{1,4})`, "replacement": "[$2]:$1", "target_label": "__address__"},
			{"source_labels": []string{"__meta_kubernetes_pod_annotation_prometheus_io_port", "__meta_kubernetes_pod_ip"},
				"regex": `(\d+);((([0-9]+?)(\.|$)){4})`, "replacement": "$2:$1", "target_label": "__address__"},
		}, onePerPod()...)),
		podJob("node-exporter", append([]relabel{
			{"source_labels": []string{"__meta_kubernetes_pod_label_app"}, "action": "keep", "regex": nodeExporterName},
			{"source_labels": []string{"__meta_kubernetes_pod_container_port_name"}, "action": "keep", "regex": metricsPortName},
		}, onePerPod()...)),
		cadvisorJob(),
	}, s.ExtraScrapeConfigs...)
}

func podJob(name string, rules []relabel) settings {
	return settings{
		"job_name": name, "kubernetes_sd_configs": []settings{{"role": "pod"}},
		"relabel_configs": append(rules,
			relabel{"source_labels": []string{"__meta_kubernetes_namespace"}, "target_label": "namespace"},
			relabel{"source_labels": []string{"__meta_kubernetes_pod_name"}, "target_label": "pod"},
			relabel{"source_labels": []string{"__meta_kubernetes_pod_node_name"}, "target_label": "node"},
		),
	}
}

// onePerPod leaves out pods that have ended, and containers that start others.
func onePerPod() []relabel {
	return []relabel{
		{"source_labels": []string{"__meta_kubernetes_pod_phase"}, "action": "drop", "regex": "Pending|Succeeded|Failed"},
		{"source_labels": []string{"__meta_kubernetes_pod_container_init"}, "action": "drop", "regex": "true"},
	}
}

// cadvisorJob collects what containers use, from the kubelets themselves: a right to reach them through the API server
// would be one to run commands in all pods. Kubelets' certificates are often signed by nobody.
func cadvisorJob() settings {
	const account = "/var/run/secrets/kubernetes.io/serviceaccount/"
	return settings{
		"job_name": "cadvisor", "scheme": "https", "metrics_path": "/metrics/cadvisor", "honor_timestamps": false,
		"authorization":         settings{"credentials_file": account + "token"},
		"tls_config":            settings{"insecure_skip_verify": true},
		"kubernetes_sd_configs": []settings{{"role": "node"}},
		"relabel_configs":       []relabel{{"source_labels": []string{"__meta_kubernetes_node_name"}, "target_label": "node"}},
		"metric_relabel_configs": []relabel{{
			"source_labels": []string{"__name__"}, "action": "keep",
			"regex": "container_cpu_usage_seconds_total|container_memory_working_set_bytes|container_cpu_cfs_periods_total|container_cpu_cfs_throttled_periods_total",
		}},
	}
}
