package mesh

// Self is this workload: how it describes itself and what the mesh gave it.
type Self struct {
	Workload
	Pod    string
	Domain string // DNS domain of the cluster

	// Proxyless workloads speak xDS and mutual TLS themselves. XDS is the bootstrap of their gRPC clients and servers;
	// it and TLS are nil for all others.
	Proxyless bool
	XDS       []byte
	TLS       *TLS

	// Sidecar tells that an Envoy of this pod checks all that comes in.
	Sidecar bool
}

// Principal is the identity that this workload proves on mutual-TLS connections, or "".
func (s Self) Principal() string {
	if s.TLS == nil {
		return ""
	}
	return s.TLS.Self().String()
}

// ResolveHost completes the host name of a target.
func (s Self) ResolveHost(host string) Host { return ResolveHost(host, s.Namespace, s.Domain) }
