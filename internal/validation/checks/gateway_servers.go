package checks

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func gatewayOf(o *validation.Object) *networking.Gateway {
	return validation.SpecOf[*networking.Gateway](o)
}

// server is one server of a Gateway.
type server struct {
	*networking.Server
	gateway *validation.Object
	index   int
}

// serversByPort returns the servers of all Gateways, by port number.
func serversByPort(v validation.View) map[uint32][]server {
	return validation.Derived(v, "gateway servers by port", of(validation.Gateway), func(v validation.View) map[uint32][]server {
		servers := map[uint32][]server{}
		for _, o := range v.Objects(validation.Gateway) {
			for i, s := range gatewayOf(o).GetServers() {
				number := s.GetPort().GetNumber()
				servers[number] = append(servers[number], server{s, o, i})
			}
		}
		return servers
	})
}

// sameWorkload tells whether two Gateways configure the same gateway: their selectors fit a common pod, or, when no
// pod is known, one holds the other.
func sameWorkload(v validation.View, a, b *validation.Object) bool {
	first, second := gatewayOf(a).GetSelector(), gatewayOf(b).GetSelector()
	if len(first) == 0 || len(second) == 0 || maps.Equal(first, second) {
		return true
	}
	both := maps.Clone(first)
	for key, value := range second {
		if known, found := both[key]; found && known != value {
			return false
		}
		both[key] = value
	}
	if len(facts.Selected(v, both)) > 0 {
		return true
	}
	return len(both) == max(len(first), len(second)) && len(facts.Selected(v, first)) == 0 && len(facts.Selected(v, second)) == 0
}

// gatewayReads are the kinds that tell which Gateways share a workload.
func gatewayReads() []validation.Kind {
	return of(validation.Gateway, validation.Pod, validation.Deployment, validation.StatefulSet, validation.DaemonSet,
		validation.IstioMeshGateway, validation.Service)
}

func gatewayPortConflict() validation.Check {
	return validation.Check{
		ID:       "gateway/port/protocol-conflict",
		Severity: validation.Error,
		Message:  "Conflicting gateway port protocols",
		Cause: "Two Gateways configure the same port of the same gateway workload with protocols that cannot share a port. " +
			"Istio accepts both and serves one of them.",
		Mend:     "Give the servers the same protocol, or different ports or gateways.",
		Subjects: of(validation.Gateway),
		Reads:    gatewayReads(),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for i, s := range gatewayOf(o).GetServers() {
				mine := server{s, o, i}
				if slices.ContainsFunc(serversByPort(v)[s.GetPort().GetNumber()], func(other server) bool {
					return conflicting(mine, other) && sameWorkload(v, o, other.gateway)
				}) {
					report(validation.At(fmt.Sprintf("servers[%d]", i), values(
						"port", strconv.Itoa(int(s.GetPort().GetNumber())), "protocol", s.GetPort().GetProtocol())))
				}
			}
		},
	}
}

// conflicting tells whether two servers on the same port of a gateway exclude each other. Protocols of one family
// share a listener: those that are routed by the host header, and those that are routed by SNI.
func conflicting(a, b server) bool {
	if a.gateway == b.gateway && a.index == b.index {
		return false
	}
	if a.GetBind() != b.GetBind() && a.GetBind() != "" && b.GetBind() != "" {
		return false
	}
	return family(a.GetPort().GetProtocol()) != family(b.GetPort().GetProtocol())
}

func family(protocol string) string {
	switch protocol := strings.ToUpper(protocol); protocol {
	case "HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY":
		return "HTTP"
	case "HTTPS", "TLS":
		return "TLS"
	case "TCP", "MONGO", "MYSQL", "REDIS":
		return "TCP"
	default:
		return protocol
	}
}
