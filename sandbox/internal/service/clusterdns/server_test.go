package clusterdns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

const patience = 5 * time.Second

// start runs a server with the zone on a free port of 127.0.0.1 for the length of the test.
func start(t *testing.T, zone *Zone, upstream ...string) *Server {
	t.Helper()
	server, err := Listen(t.Context(), "127.0.0.1:0", upstream, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server.SetZone(zone)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Wait(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Error("the server does not end")
		}
	})
	return server
}

func exchange(t *testing.T, server *Server, network string, query *dns.Msg) *dns.Msg {
	t.Helper()
	client := dns.Client{Net: network, Timeout: patience}
	reply, _, err := client.Exchange(query, server.Address())
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestServerAnswersOverUDPAndTCP(t *testing.T) {
	server := start(t, shop())
	for _, network := range []string{"udp", "tcp"} {
		reply := exchange(t, server, network, new(dns.Msg).SetQuestion("web.shop.svc.cluster.local.", dns.TypeA))
		if got := fmt.Sprint(text(reply.Answer)); got != "[web.shop.svc.cluster.local. A 10.96.0.7]" {
			t.Errorf("%s: %s", network, got)
		}
	}
}

func TestGoResolverFindsNames(t *testing.T) {
	server := start(t, shop())
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Address())
	}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if got, err := resolver.LookupHost(ctx, "alias.shop.svc.cluster.local."); err != nil || fmt.Sprint(got) != "[10.96.0.7]" {
		t.Errorf("host: %v, %v", got, err)
	}
	if got, err := resolver.LookupAddr(ctx, "10.201.0.5"); err != nil || fmt.Sprint(got) != "[db-0.db.shop.svc.cluster.local.]" {
		t.Errorf("address: %v, %v", got, err)
	}
	if _, got, err := resolver.LookupSRV(ctx, "sql", "tcp", "db.shop.svc.cluster.local."); err != nil || len(got) != 1 || got[0].Port != 15432 {
		t.Errorf("service: %v, %v", got, err)
	}
	var notFound *net.DNSError
	if _, err := resolver.LookupHost(ctx, "nothing.shop.svc.cluster.local."); !errors.As(err, &notFound) || !notFound.IsNotFound {
		t.Errorf("a name that does not exist: %v, want not found", err)
	}
}

func TestALargeAnswerIsCutOverUDPAndWholeOverTCP(t *testing.T) {
	var all []discoveryv1.Endpoint
	for i := range 200 {
		all = append(all, endpoint(fmt.Sprintf("10.201.1.%d", i), "", true))
	}
	server := start(t, NewZone(Records(serverAddress, []*corev1.Service{headless("db")}, []*discoveryv1.EndpointSlice{endpoints("db", "", 1, all...)}, nil)))
	question := func() *dns.Msg { return new(dns.Msg).SetQuestion("db.shop.svc.cluster.local.", dns.TypeA) }
	small := exchange(t, server, "udp", question())
	large := exchange(t, server, "udp", question().SetEdns0(4096, false))
	whole := exchange(t, server, "tcp", question())
	small.Compress = true // as on the wire
	if !small.Truncated || small.Len() > dns.MinMsgSize {
		t.Errorf("over UDP: truncated %t, %d bytes", small.Truncated, small.Len())
	}
	if len(large.Answer) <= len(small.Answer) || large.IsEdns0() == nil {
		t.Errorf("over UDP with EDNS: %d answers, without %d", len(large.Answer), len(small.Answer))
	}
	if whole.Truncated || len(whole.Answer) != len(all) {
		t.Errorf("over TCP: truncated %t, %d answers", whole.Truncated, len(whole.Answer))
	}
}

func TestAddressesAreSpreadOverClients(t *testing.T) {
	server := start(t, NewZone(Records(serverAddress, []*corev1.Service{headless("db")},
		[]*discoveryv1.EndpointSlice{endpoints("db", "", 1, endpoint("10.201.0.5", "", true), endpoint("10.201.0.6", "", true))}, nil)))
	first := map[string]bool{}
	for range 100 { // all the same by chance: 2 in 2^100
		reply := exchange(t, server, "udp", new(dns.Msg).SetQuestion("db.shop.svc.cluster.local.", dns.TypeA))
		first[reply.Answer[0].String()] = true
	}
	if len(first) != 2 {
		t.Errorf("the first address is always one of %v", first)
	}
}

func TestNamesOutsideAreRefusedAtOnceWithoutUpstream(t *testing.T) {
	server := start(t, shop())
	begun := time.Now()
	for _, name := range []string{"example.org.", "localhost.", "web.", "1.2.0.192.in-addr.arpa."} {
		if reply := exchange(t, server, "udp", new(dns.Msg).SetQuestion(name, dns.TypeA)); reply.Rcode != dns.RcodeRefused {
			t.Errorf("%s: %s, want REFUSED", name, dns.RcodeToString[reply.Rcode])
		}
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("refusing took %v", took)
	}
}

func TestNamesOutsideAreAskedUpstream(t *testing.T) {
	upstream := start(t, shop()) // it refuses what is outside, and that is an answer too
	dead, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dead.Close() })
	outside := dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		reply := new(dns.Msg).SetReply(query)
		record, _ := dns.NewRR(query.Question[0].Name + " 60 IN A 192.0.2.53")
		reply.Answer = []dns.RR{record}
		_ = w.WriteMsg(reply)
	})
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	internet := &dns.Server{PacketConn: packets, Handler: outside}
	go func() { _ = internet.ActivateAndServe() }()
	t.Cleanup(func() { packets.Close() })

	tests := map[string]struct {
		upstream []string
		name     string
		rcode    int
		want     string
	}{
		"answered":                  {[]string{packets.LocalAddr().String()}, "example.org.", dns.RcodeSuccess, "[example.org. A 192.0.2.53]"},
		"the second answers":        {[]string{dead.LocalAddr().String(), packets.LocalAddr().String()}, "example.org.", dns.RcodeSuccess, "[example.org. A 192.0.2.53]"},
		"an alias is completed":     {[]string{packets.LocalAddr().String()}, "search.shop.svc.cluster.local.", dns.RcodeSuccess, "[search.shop.svc.cluster.local. CNAME www.example.org. www.example.org. A 192.0.2.53]"},
		"what upstream says counts": {[]string{upstream.Address()}, "example.org.", dns.RcodeRefused, "[]"},
		"nobody answers":            {[]string{dead.LocalAddr().String()}, "example.org.", dns.RcodeServerFailure, "[]"},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			reply := exchange(t, start(t, shop(), test.upstream...), "udp", new(dns.Msg).SetQuestion(test.name, dns.TypeA))
			if got := fmt.Sprint(text(reply.Answer)); reply.Rcode != test.rcode || got != test.want {
				t.Errorf("%s %s, want %s %s", dns.RcodeToString[reply.Rcode], got, dns.RcodeToString[test.rcode], test.want)
			}
		})
	}
}

func TestOddQueriesAreAnswered(t *testing.T) {
	server := start(t, shop())
	update := new(dns.Msg).SetUpdate("cluster.local.")
	if reply := exchange(t, server, "udp", update); reply.Rcode != dns.RcodeNotImplemented {
		t.Errorf("update: %s", dns.RcodeToString[reply.Rcode])
	}
	chaos := new(dns.Msg).SetQuestion("cluster.local.", dns.TypeTXT)
	chaos.Question[0].Qclass = dns.ClassCHAOS
	if reply := exchange(t, server, "udp", chaos); reply.Rcode != dns.RcodeRefused {
		t.Errorf("class chaos: %s", dns.RcodeToString[reply.Rcode])
	}
}
