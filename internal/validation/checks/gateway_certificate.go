package checks

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func gatewayReusedCertificate() validation.Check {
	return validation.Check{
		ID:       "gateway/reused-cert",
		Severity: validation.Error,
		Message:  "multiple gateways configured with same TLS certificate",
		Cause: "Browsers reuse an HTTP/2 connection for every host that its certificate covers. When another Gateway serves " +
			"the second host, the requests arrive at the first one, which answers 404.",
		Mend:     "Put the hosts of one certificate into one Gateway, or give each Gateway a certificate of its own.",
		Subjects: of(validation.Gateway),
		Reads:    append(gatewayReads(), validation.Secret),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for i, s := range gatewayOf(o).GetServers() {
				certificate := certificateOf(v, o, s)
				if certificate.identity == "" || !sharedWithOthers(v, o, s, certificate.identity) {
					continue
				}
				report(validation.Fault{
					Path:    fmt.Sprintf("port[%d]", s.GetPort().GetNumber()),
					Field:   fmt.Sprintf("servers[%d].tls", i),
					Context: certificate.context,
				})
			}
		},
	}
}

// sharedWithOthers tells whether another Gateway of the same workload serves the same port with the same certificate.
func sharedWithOthers(v validation.View, o *validation.Object, s *networking.Server, identity string) bool {
	return slices.ContainsFunc(serversByPort(v)[s.GetPort().GetNumber()], func(other server) bool {
		return other.gateway != o && sameWorkload(v, o, other.gateway) &&
			certificateOf(v, other.gateway, other.Server).identity == identity
	})
}

// certificate is what a server presents: its identity is the same for the same certificate.
type certificate struct {
	identity string
	context  map[string]string
}

// certificateOf finds the certificate that a server presents; it has no identity when the server presents none.
func certificateOf(v validation.View, o *validation.Object, s *networking.Server) certificate {
	tls := s.GetTls()
	switch {
	case tls == nil, tls.GetMode() == networking.ServerTLSSettings_PASSTHROUGH,
		tls.GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH,
		tls.GetMode() == networking.ServerTLSSettings_ISTIO_MUTUAL:
		return certificate{}
	case tls.GetCredentialName() != "":
		return secretCertificate(v, credential(v, o, tls.GetCredentialName()))
	case tls.GetServerCertificate() != "":
		return certificate{
			identity: "file " + tls.GetServerCertificate() + " " + tls.GetPrivateKey(),
			context:  values("reusedCertificateFile", tls.GetServerCertificate()),
		}
	}
	return certificate{}
}

// credential is the Secret of a credential name: in the namespace of the gateway's pods.
func credential(v validation.View, o *validation.Object, name string) validation.ID {
	namespace := o.Namespace
	if pods := facts.Selected(v, gatewayOf(o).GetSelector()); len(pods) > 0 {
		namespace = pods[0].Namespace
	}
	name = strings.TrimPrefix(name, "kubernetes://")
	if in, rest, found := strings.Cut(name, "/"); found {
		namespace, name = in, rest
	}
	return validation.ID{Cluster: v.Cluster, Kind: validation.Secret, Namespace: namespace, Name: name}
}

// secretCertificate identifies a certificate by its bytes where they are known, so that copies of a Secret count as one.
func secretCertificate(v validation.View, id validation.ID) certificate {
	found := certificate{identity: id.String(), context: values("reusedCertificateSecret", id.String())}
	if o := v.Get(id.Kind, id.Namespace, id.Name); o != nil {
		for _, key := range []string{corev1.TLSCertKey, "cert"} {
			if data := validation.SpecOf[*corev1.Secret](o).Data[key]; len(data) > 0 {
				found.identity = fmt.Sprintf("%x", sha256.Sum256(data))
			}
		}
	}
	return found
}
