package telemetry

import (
	"cmp"

	"github.com/meshmanager/smm/internal/topology"
)

const unknown = "unknown"

// callOf reads both ends off a series' labels. A backend that has one cluster's metrics tells the cluster of the end that
// reports, where the end itself does not.
func callOf(cluster string, labels map[string]string) topology.Call {
	call := topology.Call{
		Reporter: topology.Reporter(labels["reporter"]),
		From: topology.Peer{
			Cluster: labels["source_cluster"], Namespace: labels["source_workload_namespace"], Workload: labels["source_workload"],
			App: labels["source_app"], Version: labels["source_version"],
		},
		To: topology.Peer{
			Cluster: labels["destination_cluster"], Namespace: labels["destination_workload_namespace"], Workload: labels["destination_workload"],
			App: labels["destination_app"], Version: labels["destination_version"],
		},
		Host: labels["destination_service"], Service: labels["destination_service_name"],
		ServiceNamespace: labels["destination_service_namespace"], Protocol: labels["request_protocol"],
	}
	own := &call.From
	if call.Reporter == topology.Destination {
		own = &call.To
	}
	if own.Cluster == "" || own.Cluster == unknown {
		own.Cluster = cluster
	}
	return call
}

func sampleOf(cluster string, labels map[string]string) topology.Sample {
	return topology.Sample{
		Call: callOf(cluster, labels), Principal: labels["source_principal"], Security: labels["connection_security_policy"],
		Code: labels["response_code"], GRPCStatus: labels["grpc_response_status"], Flags: labels["response_flags"],
	}
}

func latencyOf(cluster string, labels map[string]string, quantile, seconds float64) topology.Latency {
	latency := topology.Latency{Call: callOf(cluster, labels), Quantile: quantile, Seconds: seconds}
	latency.Protocol = cmp.Or(latency.Protocol, "http")
	return latency
}

func requestSample(cluster string, value Value) topology.Sample {
	sample := sampleOf(cluster, value.Labels)
	sample.Protocol = cmp.Or(sample.Protocol, "http")
	sample.Requests = value.Value
	return sample
}

func connectionSample(cluster string, value Value) topology.Sample {
	sample := sampleOf(cluster, value.Labels)
	sample.Protocol = "tcp"
	switch value.Labels[measureLabel] {
	case connectionsMetric:
		sample.Connections = value.Value
	case sentMetric:
		sample.Sent = value.Value
	case receivedMetric:
		sample.Received = value.Value
	}
	return sample
}
