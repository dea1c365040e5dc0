package telemetrytest

import (
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Call is what one end reports, with Istio's labels. What is not set is Istio's word for it.
type Call struct {
	Metric                  string // istio_requests_total when not set
	Reporter                string
	FromCluster, FromName   string
	ToCluster, ToName       string
	FromNamespace           string // namespaces are shop when not set
	ToNamespace             string
	Service, Host, Protocol string
	Code, GRPCStatus, Flags string
	Security, Principal     string
}

// Labels are the series of the call.
func (c Call) Labels() labels.Labels {
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	const unknown = "unknown"
	service := or(c.Service, c.ToName)
	return labels.FromMap(map[string]string{
		model.MetricNameLabel: or(c.Metric, "istio_requests_total"), "job": "mesh", "instance": or(c.FromName, unknown) + "-" + c.Reporter,
		"reporter":       c.Reporter,
		"source_cluster": or(c.FromCluster, unknown), "source_workload": or(c.FromName, unknown),
		"source_workload_namespace": or(c.FromNamespace, "shop"), "source_app": or(c.FromName, unknown), "source_version": "v1",
		"source_principal":    or(c.Principal, unknown),
		"destination_cluster": or(c.ToCluster, unknown), "destination_workload": or(c.ToName, unknown),
		"destination_workload_namespace": or(c.ToNamespace, "shop"), "destination_app": or(c.ToName, unknown), "destination_version": "v1",
		"destination_service": or(c.Host, service+"."+or(c.ToNamespace, "shop")+".svc.cluster.local"), "destination_service_name": service,
		"destination_service_namespace": or(c.ToNamespace, "shop"), "request_protocol": or(c.Protocol, "http"),
		"response_code": or(c.Code, "200"), "grpc_response_status": c.GRPCStatus, "response_flags": or(c.Flags, "-"),
		"connection_security_policy": or(c.Security, unknown),
	})
}

// Calls adds the counter of a call and the times when its target was asked.
func (p *Prometheus) Calls(call Call, perSecond float64, from, to time.Time, interval time.Duration) {
	p.CounterOf(call.Labels(), perSecond, from, to, interval)
}

// Durations adds a histogram of requests that all take between two bounds, in milliseconds.
func (p *Prometheus) Durations(call Call, perSecond float64, bounds []float64, above float64, from, to time.Time, interval time.Duration) {
	call.Metric = "istio_request_duration_milliseconds_bucket"
	for _, bound := range bounds {
		rate := perSecond
		if bound <= above {
			rate = 0
		}
		p.CounterOf(with(call.Labels(), "le", strconv.FormatFloat(bound, 'f', -1, 64)), rate, from, to, interval)
	}
	p.CounterOf(with(call.Labels(), "le", "+Inf"), perSecond, from, to, interval)
}

func with(l labels.Labels, name, value string) labels.Labels {
	return labels.NewBuilder(l).Set(name, value).Labels()
}
