package demoapp

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
)

// mergedMetrics is where Istio's agent serves the metrics of a pod: its own, Envoy's and the program's.
const (
	mergedMetricsPort = 15020
	mergedMetricsPath = "/stats/prometheus"
)

// parallelReads bounds the pods that are asked at the same time.
const parallelReads = 8

// WorkloadTraffic is what one workload was asked over an interval, as it reports itself.
type WorkloadTraffic struct {
	Workload string `json:"workload"`
	Ready    int32  `json:"ready"`    // pods
	Replicas int32  `json:"replicas"` // wanted pods

	// RequestsPerSecond counts HTTP and gRPC requests, ConnectionsPerSecond TCP connections.
	RequestsPerSecond    float64 `json:"requestsPerSecond"`
	ConnectionsPerSecond float64 `json:"connectionsPerSecond"`
	// SuccessRate is the share of requests that were neither answered with a server error nor with a gRPC error; nil
	// without requests. MutualTLS is the share of requests and connections over mutual TLS; nil without any.
	SuccessRate *float64 `json:"successRate,omitempty"`
	MutualTLS   *float64 `json:"mutualTLS,omitempty"`
}

// Traffic reads the pods' metrics through the API server at both ends of the interval and returns what every workload
// was asked meanwhile, by name.
func (a *Application) Traffic(ctx context.Context, namespace string, interval time.Duration) ([]WorkloadTraffic, error) {
	before, err := a.scrape(ctx, namespace)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := pause(ctx, interval); err != nil {
		return nil, err
	}
	after, err := a.scrape(ctx, namespace)
	if err != nil {
		return nil, err
	}
	elapsed := time.Since(start)
	state, err := readState(ctx, a.client, namespace)
	if err != nil {
		return nil, err
	}
	counted := difference(before, after)
	traffic := make([]WorkloadTraffic, 0, len(state.deployments))
	for _, d := range state.deployments {
		w := counted[d.Name].over(elapsed)
		w.Workload, w.Ready = d.Name, d.Status.ReadyReplicas
		if d.Spec.Replicas != nil {
			w.Replicas = *d.Spec.Replicas
		}
		traffic = append(traffic, w)
	}
	return traffic, nil
}

// counts are the counters of what a workload was asked.
type counts struct {
	requests, succeeded, secured float64
	connections, securedTCP      float64
}

// reading is what the pods report: by pod, then by workload.
type reading map[string]map[string]counts

func (a *Application) scrape(ctx context.Context, namespace string) (reading, error) {
	state, err := readState(ctx, a.client, namespace)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	result := reading{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for _, pod := range state.pods {
		if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
			continue
		}
		group.Go(func() error {
			text, err := a.clientset.CoreV1().Pods(namespace).
				ProxyGet("http", pod.Name, strconv.Itoa(mergedMetricsPort), mergedMetricsPath, nil).DoRaw(ctx)
			if err != nil {
				return fmt.Errorf("read the metrics of pod %s: %w", pod.Name, err)
			}
			counted, err := parseMetrics(text)
			if err != nil {
				return fmt.Errorf("metrics of pod %s: %w", pod.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			result[pod.Name] = counted
			return nil
		})
	}
	return result, group.Wait()
}

// parseMetrics adds up what a pod says of calls to it, by the workload that was called.
func parseMetrics(text []byte) (map[string]counts, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	result := map[string]counts{}
	each(families["istio_requests_total"], func(labels map[string]string, value float64) {
		c := result[labels["destination_workload"]]
		c.requests += value
		if succeeded(labels) {
			c.succeeded += value
		}
		if labels["connection_security_policy"] == "mutual_tls" {
			c.secured += value
		}
		result[labels["destination_workload"]] = c
	})
	each(families["istio_tcp_connections_opened_total"], func(labels map[string]string, value float64) {
		c := result[labels["destination_workload"]]
		c.connections += value
		if labels["connection_security_policy"] == "mutual_tls" {
			c.securedTCP += value
		}
		result[labels["destination_workload"]] = c
	})
	return result, nil
}

// each visits the series that the called end reports.
func each(family *dto.MetricFamily, visit func(labels map[string]string, value float64)) {
	for _, metric := range family.GetMetric() {
		labels := map[string]string{}
		for _, label := range metric.GetLabel() {
			labels[label.GetName()] = label.GetValue()
		}
		if labels["reporter"] == "destination" {
			visit(labels, metric.GetCounter().GetValue()+metric.GetUntyped().GetValue())
		}
	}
}

func succeeded(labels map[string]string) bool {
	code, status := labels["response_code"], labels["grpc_response_status"]
	return !strings.HasPrefix(code, "5") && code != "0" && (status == "" || status == "0")
}

// difference is what was counted between two readings, by workload. A pod that is new, or has started anew, counts
// with all it has.
func difference(before, after reading) map[string]counts {
	result := map[string]counts{}
	for pod, workloads := range after {
		for name, now := range workloads {
			then := before[pod][name]
			if now.requests < then.requests || now.connections < then.connections {
				then = counts{}
			}
			sum := result[name]
			sum.requests += now.requests - then.requests
			sum.succeeded += now.succeeded - then.succeeded
			sum.secured += now.secured - then.secured
			sum.connections += now.connections - then.connections
			sum.securedTCP += now.securedTCP - then.securedTCP
			result[name] = sum
		}
	}
	return result
}

// over turns counts into rates and shares.
func (c counts) over(elapsed time.Duration) WorkloadTraffic {
	w := WorkloadTraffic{RequestsPerSecond: c.requests / elapsed.Seconds(), ConnectionsPerSecond: c.connections / elapsed.Seconds()}
	if c.requests > 0 {
		w.SuccessRate = ptr(c.succeeded / c.requests)
	}
	if calls := c.requests + c.connections; calls > 0 {
		w.MutualTLS = ptr((c.secured + c.securedTCP) / calls)
	}
	return w
}
