package topology

// Reporter tells which end of a connection reports a sample, in the words of Istio's label.
type Reporter string

// The reporters.
const (
	Source      Reporter = "source"
	Destination Reporter = "destination"
)

// Peer is one end of a connection, as Istio's labels name it. A name is "" or unknown where nobody could tell.
type Peer struct {
	Cluster, Namespace, Workload, App, Version string
}

// Call says who calls what, in the words of one end.
type Call struct {
	Reporter Reporter
	From, To Peer
	// Host, Service and ServiceNamespace are what was called: destination_service and the parts of its name.
	Host, Service, ServiceNamespace string
	// Protocol is http, grpc or tcp.
	Protocol string
}

// Sample is what one end reports of the requests or connections between two workloads at one instant.
type Sample struct {
	Call
	// Principal is the SPIFFE identity of the calling end, as the reporting end knows it.
	Principal string
	// Code is the HTTP status, 0 without an answer; GRPCStatus the number of the gRPC status.
	Code, GRPCStatus string
	// Flags are Envoy's response flags, separated by commas, "-" for none.
	Flags string
	// Security is mutual_tls or none; only the destination knows it.
	Security string
	// Requests are those of a second. For TCP, Connections are those opened in a second, Sent and Received the bytes
	// that the server sent and received in a second.
	Requests, Connections, Sent, Received float64
}

// Latency is a quantile of the duration of the requests between two workloads, as one end reports it.
type Latency struct {
	Call
	// Quantile is from 0 to 1.
	Quantile float64
	Seconds  float64
}

// Workload is what the inventory knows of a workload.
type Workload struct {
	Cluster, Namespace, Name, App, Version string
	Gateway, VirtualMachine                bool
}
