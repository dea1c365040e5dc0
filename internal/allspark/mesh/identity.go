package mesh

import (
	"crypto/x509"
	"strings"
)

// Identity is a workload's SPIFFE identity in the form that Istio gives it.
type Identity struct {
	TrustDomain    string
	Namespace      string
	ServiceAccount string
}

// ParseIdentity reads spiffe://<trust domain>/ns/<namespace>/sa/<service account>.
func ParseIdentity(uri string) (id Identity, ok bool) {
	rest, ok := strings.CutPrefix(uri, "spiffe://")
	if !ok {
		return Identity{}, false
	}
	parts := strings.Split(rest, "/")
	if len(parts) != 5 || parts[1] != "ns" || parts[3] != "sa" {
		return Identity{}, false
	}
	id = Identity{TrustDomain: parts[0], Namespace: parts[2], ServiceAccount: parts[4]}
	return id, id.TrustDomain != "" && id.Namespace != "" && id.ServiceAccount != ""
}

// String is the identity as a URI.
func (id Identity) String() string {
	return "spiffe://" + id.TrustDomain + "/ns/" + id.Namespace + "/sa/" + id.ServiceAccount
}

// identityOf returns the identity in a certificate, whose only URI it must be.
func identityOf(certificate *x509.Certificate) (Identity, bool) {
	if len(certificate.URIs) != 1 {
		return Identity{}, false
	}
	return ParseIdentity(certificate.URIs[0].String())
}
