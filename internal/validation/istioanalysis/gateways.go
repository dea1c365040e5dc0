package istioanalysis

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"istio.io/istio/pkg/config/resource"

	networking "istio.io/api/networking/v1alpha3"
)

// compared are the groups of gateways that an analyzer has to compare with each other: those of different groups have
// nothing of what it looks for in common. The analyzers of gateways compare each with each, which takes most of the time
// where there are many. ok is false for an analyzer that must see all of them.
func compared(analyzer string, all func() []*resource.Instance) (groups [][]*resource.Instance, ok bool) {
	switch analyzer {
	case "gateway.CertificateAnalyzer":
		return connected(all(), certificatesOf), true
	case "gateway.ConflictingGatewayAnalyzer":
		gateways := all()
		if slices.ContainsFunc(gateways, func(g *resource.Instance) bool { return len(serversOf(g)) == 0 }) {
			return nil, false // of these, it tells whether others have their selector
		}
		return connected(gateways, hostsOf), true
	case "virtualservice.GatewayAnalyzer":
		return [][]*resource.Instance{unshared(all())}, true
	}
	return nil, false
}

// unshared has copies in place of the gateways with hosts such as ./name or */name, which that analyzer writes anew where
// they stand.
func unshared(gateways []*resource.Instance) []*resource.Instance {
	own := slices.Clone(gateways)
	for i, gateway := range own {
		written := func(s *networking.Server) bool {
			return slices.ContainsFunc(s.GetHosts(), func(host string) bool {
				return strings.HasPrefix(host, "./") || strings.HasPrefix(host, "*/")
			})
		}
		if spec, ok := gateway.Message.(*networking.Gateway); ok && slices.ContainsFunc(spec.GetServers(), written) {
			mine := *gateway
			mine.Message = proto.Clone(spec)
			own[i] = &mine
		}
	}
	return own
}

func serversOf(gateway *resource.Instance) []*networking.Server {
	spec, _ := gateway.Message.(*networking.Gateway)
	return spec.GetServers()
}

// certificatesOf are the certificates that a gateway serves, by their Secrets or files.
func certificatesOf(gateway *resource.Instance) []string {
	var all []string
	for _, server := range serversOf(gateway) {
		switch tls := server.GetTls(); {
		case tls.GetCredentialName() != "":
			all = append(all, tls.GetCredentialName())
		case tls.GetServerCertificate() != "":
			all = append(all, tls.GetServerCertificate()+" "+tls.GetPrivateKey())
		}
	}
	return all
}

// hostsOf are the hosts that a gateway serves, with their ports and addresses.
func hostsOf(gateway *resource.Instance) []string {
	var all []string
	for _, server := range serversOf(gateway) {
		for _, host := range server.GetHosts() {
			all = append(all, fmt.Sprintf("%d %s %s", server.GetPort().GetNumber(), server.GetBind(), host))
		}
	}
	return all
}

// connected groups gateways that have a mark in common, directly or through others. A gateway that has none in common with
// another is in no group.
func connected(gateways []*resource.Instance, marks func(*resource.Instance) []string) [][]*resource.Instance {
	parent := make([]int, len(gateways))
	var root func(i int) int
	root = func(i int) int {
		if parent[i] != i {
			parent[i] = root(parent[i])
		}
		return parent[i]
	}
	first := map[string]int{}
	for i, gateway := range gateways {
		parent[i] = i
		for _, mark := range marks(gateway) {
			if other, found := first[mark]; found {
				parent[root(i)] = root(other)
			} else {
				first[mark] = i
			}
		}
	}
	members := map[int][]*resource.Instance{}
	var order []int
	for i, gateway := range gateways {
		r := root(i)
		if members[r] == nil {
			order = append(order, r)
		}
		members[r] = append(members[r], gateway)
	}
	var groups [][]*resource.Instance
	for _, r := range order {
		if len(members[r]) > 1 {
			groups = append(groups, members[r])
		}
	}
	return groups
}
