package mesh

import (
	"strings"

	"google.golang.org/grpc/credentials"
	grpcpeer "google.golang.org/grpc/peer"
)

// Peer is the other end of a connection.
type Peer struct {
	// Principal is the peer's SPIFFE identity, proven by the TLS handshake, or "".
	Principal string
}

// MutualTLS tells whether the peer proved an identity. The mesh issues certificates that serve both sides, and
// every server of the mesh that shows one asks for one.
func (p Peer) MutualTLS() bool { return p.Principal != "" }

// Workload returns what the peer says of itself as far as it can be believed: nothing without a proven identity,
// and nothing when the claimed namespace and service account are not those of the identity.
func (p Peer) Workload(claim Workload) Workload {
	id, ok := ParseIdentity(p.Principal)
	if !ok || claim.Namespace != id.Namespace || claim.ServiceAccount != id.ServiceAccount {
		return Workload{}
	}
	return claim
}

// Believe is Workload for a claim that is still a value of PeerHeader.
func (p Peer) Believe(header string) Workload {
	claim, err := ParseHeader(header)
	if err != nil {
		return Workload{}
	}
	return p.Workload(claim)
}

// PeerOfGRPC reads the peer of a gRPC call from the state of its TLS handshake, which the xDS credentials have
// completed only if the peer's certificate was issued by the mesh.
func PeerOfGRPC(p *grpcpeer.Peer) Peer {
	if p == nil {
		return Peer{}
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return Peer{}
	}
	if id, ok := identityOf(info.State.PeerCertificates[0]); ok {
		return Peer{Principal: id.String()}
	}
	return Peer{}
}

// PeerOfSidecar reads the peer of an HTTP request that this workload's own Envoy has checked and passed on.
// The header must come from that Envoy, which replaces what a client may have put there.
func PeerOfSidecar(forwardedClientCert string) Peer {
	elements := strings.Split(forwardedClientCert, ",")
	for _, pair := range strings.Split(elements[len(elements)-1], ";") {
		key, value, _ := strings.Cut(pair, "=")
		if id, ok := ParseIdentity(strings.Trim(value, `"`)); ok && strings.EqualFold(strings.TrimSpace(key), "URI") {
			return Peer{Principal: id.String()}
		}
	}
	return Peer{}
}
