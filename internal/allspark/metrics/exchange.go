// Package metrics counts what a workload without a proxy sends and serves, in Istio's standard metrics.
package metrics

import (
	"cmp"

	"github.com/meshmanager/smm/internal/allspark/mesh"
)

// Reporter tells which end of a call reports it.
type Reporter string

// The reporters.
const (
	Source      Reporter = "source"
	Destination Reporter = "destination"
)

// The response flags that this program can tell apart, in Envoy's abbreviations.
const (
	FlagNone              = "-"
	FlagConnectionFailure = "UF" // no connection to the upstream
	FlagTimeout           = "UT" // no answer in time
	FlagClientGone        = "DC" // the caller gave up
	FlagFaultInjected     = "FI" // aborted by a fault of a VirtualService
)

// CodeNoResponse is the response code of a request that got no answer at all.
const CodeNoResponse = "0"

// End is one end of a call. Its workload may be unknown; its principal is "" without mutual TLS.
type End struct {
	mesh.Workload
	Principal string
}

// Exchange is what all reports of a call or connection have in common.
type Exchange struct {
	Reporter  Reporter
	From, To  End
	Service   mesh.Host // as the caller named it, or as the answering end names itself
	Protocol  string    // http, grpc or tcp
	Flags     string    // FlagNone when empty
	MutualTLS bool
}

// exchangeLabels are Istio's labels of every metric.
func exchangeLabels() []string {
	return []string{
		"reporter",
		"source_workload", "source_workload_namespace", "source_principal", "source_app", "source_version",
		"source_canonical_service", "source_canonical_revision", "source_cluster",
		"destination_workload", "destination_workload_namespace", "destination_principal", "destination_app", "destination_version",
		"destination_canonical_service", "destination_canonical_revision", "destination_cluster",
		"destination_service", "destination_service_name", "destination_service_namespace",
		"request_protocol", "response_flags", "connection_security_policy",
	}
}

// requestLabels are Istio's labels of the metrics of whole requests.
func requestLabels() []string {
	return append(exchangeLabels(), "response_code", "grpc_response_status")
}

const unknown = "unknown"

// maxLabels is the number of labels of a whole request.
const maxLabels = 25

// labels are the values of exchangeLabels.
func (e Exchange) labels() []string {
	values := make([]string, 0, maxLabels)
	values = append(values, string(e.Reporter))
	values = append(values, e.From.labels()...)
	values = append(values, e.To.labels()...)
	return append(values,
		cmp.Or(e.Service.FQDN, unknown), cmp.Or(e.Service.Name, unknown), cmp.Or(e.Service.Namespace, unknown),
		e.Protocol, cmp.Or(e.Flags, FlagNone), e.securityPolicy(),
	)
}

func (e End) labels() []string {
	values := []string{e.Name, e.Namespace, e.Principal, e.App, e.Version, e.Canonical, e.Revision, e.Cluster}
	for i, value := range values {
		values[i] = cmp.Or(value, unknown)
	}
	return values
}

// securityPolicy follows Istio's definition: only the answering end knows how the connection is secured.
func (e Exchange) securityPolicy() string {
	switch {
	case e.Reporter != Destination:
		return unknown
	case e.MutualTLS:
		return "mutual_tls"
	default:
		return "none"
	}
}
