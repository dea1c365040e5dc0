package clusterdns

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// shop is a zone with one of everything.
func shop() *Zone {
	return NewZone(Records(serverAddress,
		[]*corev1.Service{
			clusterIP("web", "10.96.0.7", tcpPort("http", 80)), headless("db", tcpPort("sql", 5432)),
			external("search", "www.example.org"), external("alias", "web.shop.svc.cluster.local"),
			external("dangling", "nothing.shop.svc.cluster.local"), external("loop", "loop.shop.svc.cluster.local"),
		},
		[]*discoveryv1.EndpointSlice{endpoints("db", "sql", 15432, endpoint("10.201.0.5", "db-0", true))},
		[]*corev1.Pod{pod("p", "10.201.0.9", corev1.PodRunning, false)}))
}

// text renders records without class and time to live.
func text(records []dns.RR) (lines []string) {
	for _, record := range records {
		fields := strings.Fields(record.String())
		lines = append(lines, strings.Join(slices.Concat(fields[:1], fields[3:]), " "))
	}
	return lines
}

func TestAnswers(t *testing.T) {
	const noError, noSuchName = dns.RcodeSuccess, dns.RcodeNameError
	tests := map[string]struct {
		name  string
		kind  uint16
		rcode int
		want  []string
		extra []string
	}{
		"address":                {"web.shop.svc.cluster.local.", dns.TypeA, noError, []string{"web.shop.svc.cluster.local. A 10.96.0.7"}, nil},
		"case does not matter":   {"Web.SHOP.svc.cluster.local.", dns.TypeA, noError, []string{"Web.SHOP.svc.cluster.local. A 10.96.0.7"}, nil},
		"named endpoint":         {"db-0.db.shop.svc.cluster.local.", dns.TypeA, noError, []string{"db-0.db.shop.svc.cluster.local. A 10.201.0.5"}, nil},
		"pod":                    {"10-201-0-9.shop.pod.cluster.local.", dns.TypeA, noError, []string{"10-201-0-9.shop.pod.cluster.local. A 10.201.0.9"}, nil},
		"reverse":                {"7.0.96.10.in-addr.arpa.", dns.TypePTR, noError, []string{"7.0.96.10.in-addr.arpa. PTR web.shop.svc.cluster.local."}, nil},
		"version":                {"dns-version.cluster.local.", dns.TypeTXT, noError, []string{`dns-version.cluster.local. TXT "1.1.0"`}, nil},
		"service with address":   {"_http._tcp.web.shop.svc.cluster.local.", dns.TypeSRV, noError, []string{"_http._tcp.web.shop.svc.cluster.local. SRV 0 100 80 web.shop.svc.cluster.local."}, []string{"web.shop.svc.cluster.local. A 10.96.0.7"}},
		"alias to outside":       {"search.shop.svc.cluster.local.", dns.TypeA, noError, []string{"search.shop.svc.cluster.local. CNAME www.example.org."}, nil},
		"alias itself":           {"alias.shop.svc.cluster.local.", dns.TypeCNAME, noError, []string{"alias.shop.svc.cluster.local. CNAME web.shop.svc.cluster.local."}, nil},
		"alias to inside":        {"alias.shop.svc.cluster.local.", dns.TypeA, noError, []string{"alias.shop.svc.cluster.local. CNAME web.shop.svc.cluster.local.", "web.shop.svc.cluster.local. A 10.96.0.7"}, nil},
		"alias to nothing":       {"dangling.shop.svc.cluster.local.", dns.TypeA, noSuchName, []string{"dangling.shop.svc.cluster.local. CNAME nothing.shop.svc.cluster.local."}, nil},
		"no such type":           {"web.shop.svc.cluster.local.", dns.TypeAAAA, noError, nil, nil},
		"no such service":        {"nothing.shop.svc.cluster.local.", dns.TypeA, noSuchName, nil, nil},
		"no such port":           {"_grpc._tcp.web.shop.svc.cluster.local.", dns.TypeSRV, noSuchName, nil, nil},
		"no such endpoint":       {"db-1.db.shop.svc.cluster.local.", dns.TypeA, noSuchName, nil, nil},
		"no such pod":            {"10-201-0-10.shop.pod.cluster.local.", dns.TypeA, noSuchName, nil, nil},
		"no such address":        {"8.0.96.10.in-addr.arpa.", dns.TypePTR, noSuchName, nil, nil},
		"a namespace":            {"shop.svc.cluster.local.", dns.TypeA, noError, nil, nil},
		"no such namespace":      {"other.svc.cluster.local.", dns.TypeA, noSuchName, nil, nil},
		"a protocol":             {"_tcp.web.shop.svc.cluster.local.", dns.TypeA, noError, nil, nil},
		"part of an address":     {"96.10.in-addr.arpa.", dns.TypePTR, noError, nil, nil},
		"a search path appended": {"web.shop.svc.cluster.local.shop.svc.cluster.local.", dns.TypeA, noSuchName, nil, nil},
	}
	zone := shop()
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			reply := zone.Answer(new(dns.Msg).SetQuestion(test.name, test.kind))
			if reply.Rcode != test.rcode || !reply.Authoritative {
				t.Errorf("%s, authoritative %t; want %s", dns.RcodeToString[reply.Rcode], reply.Authoritative, dns.RcodeToString[test.rcode])
			}
			if diff := cmp.Diff(test.want, text(reply.Answer)); diff != "" {
				t.Errorf("answer: %s", diff)
			}
			if diff := cmp.Diff(test.extra, text(reply.Extra)); diff != "" {
				t.Errorf("additional: %s", diff)
			}
			negative := test.want == nil || test.rcode == noSuchName
			if hasSOA := len(reply.Ns) == 1 && reply.Ns[0].Header().Rrtype == dns.TypeSOA; hasSOA != negative {
				t.Errorf("authority section %v; a negative answer %t must carry the SOA, for clients to cache it", reply.Ns, negative)
			}
		})
	}
}

func TestAnAliasToItselfEnds(t *testing.T) {
	reply := shop().Answer(new(dns.Msg).SetQuestion("loop.shop.svc.cluster.local.", dns.TypeA))
	if len(reply.Answer) != maxAliases {
		t.Errorf("%d aliases in the answer, want %d", len(reply.Answer), maxAliases)
	}
}
