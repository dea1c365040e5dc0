package clusterdns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

const (
	upstreamTimeout = 2 * time.Second
	shutdownTimeout = time.Second
	// largestDatagram is the answer size, in bytes, that is offered to clients that speak EDNS.
	largestDatagram = 1232
)

// Server answers from the zone it was given last.
type Server struct {
	log      *slog.Logger
	upstream []string
	zone     atomic.Pointer[Zone]
	servers  []*dns.Server
	failed   chan error
}

// Listen opens address (host:port) over UDP and TCP and starts to answer from an empty zone. Names outside the
// cluster are forwarded to the upstream servers (host:port, tried in order), or refused at once if there are none.
func Listen(ctx context.Context, address string, upstream []string, log *slog.Logger) (*Server, error) {
	packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for DNS: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", packets.LocalAddr().String())
	if err != nil {
		packets.Close()
		return nil, fmt.Errorf("listen for DNS: %w", err)
	}
	s := &Server{log: log, upstream: upstream, failed: make(chan error, 2)}
	s.zone.Store(NewZone(nil))
	s.servers = []*dns.Server{{PacketConn: packets, Handler: s}, {Listener: listener, Handler: s}}
	for _, server := range s.servers {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.failed <- server.ActivateAndServe()
		}()
		select { // shutting a server down is possible only once it has started
		case <-started:
		case <-ended:
		}
	}
	return s, nil
}

// Address is where the server listens, over UDP and TCP alike.
func (s *Server) Address() string { return s.servers[0].PacketConn.LocalAddr().String() }

// SetZone replaces what the server knows.
func (s *Server) SetZone(zone *Zone) { s.zone.Store(zone) }

// Wait returns when ctx ends, after the queries under way were answered, or when serving fails.
func (s *Server) Wait(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-s.failed:
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	for _, server := range s.servers {
		if err := server.ShutdownContext(limit); err != nil && failure == nil {
			s.log.Debug("DNS server did not shut down in order", "error", err)
		}
	}
	if failure != nil {
		return fmt.Errorf("serve DNS: %w", failure)
	}
	return nil
}

// ServeDNS answers one query.
func (s *Server) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	network := w.LocalAddr().Network()
	reply := s.reply(query, network)
	if network == "udp" {
		size := dns.MinMsgSize
		if options := query.IsEdns0(); options != nil {
			size = max(size, int(options.UDPSize()))
		}
		reply.Truncate(size)
	}
	if err := w.WriteMsg(reply); err != nil && !errors.Is(err, net.ErrClosed) {
		s.log.Debug("cannot answer a DNS query", "client", w.RemoteAddr(), "error", err)
	}
}

// reply decides who answers: the zone, an upstream server, or nobody.
func (s *Server) reply(query *dns.Msg, network string) *dns.Msg {
	if query.Opcode != dns.OpcodeQuery {
		return new(dns.Msg).SetRcode(query, dns.RcodeNotImplemented)
	}
	if len(query.Question) != 1 {
		return new(dns.Msg).SetRcodeFormatError(query)
	}
	zone := s.zone.Load()
	if question := query.Question[0]; question.Qclass != dns.ClassINET || !zone.Holds(question.Name) {
		return s.forward(query, network)
	}
	reply := zone.Answer(query)
	reply.RecursionAvailable = len(s.upstream) > 0
	s.followAlias(reply, query, network)
	shuffleAddresses(reply.Answer)
	if query.IsEdns0() != nil {
		reply.SetEdns0(largestDatagram, false)
	}
	return reply
}

// followAlias completes an answer that ends in an alias to a name outside the cluster, if somebody knows it.
func (s *Server) followAlias(reply, query *dns.Msg, network string) {
	kind := query.Question[0].Qtype
	if len(reply.Answer) == 0 || len(s.upstream) == 0 || kind == dns.TypeCNAME {
		return
	}
	alias, ok := reply.Answer[len(reply.Answer)-1].(*dns.CNAME)
	if !ok || s.zone.Load().Holds(alias.Target) {
		return
	}
	if answer := s.forward(new(dns.Msg).SetQuestion(alias.Target, kind), network); answer.Rcode == dns.RcodeSuccess {
		reply.Answer = append(reply.Answer, answer.Answer...)
	}
}

// forward asks the upstream servers in turn.
func (s *Server) forward(query *dns.Msg, network string) *dns.Msg {
	if len(s.upstream) == 0 {
		return new(dns.Msg).SetRcode(query, dns.RcodeRefused)
	}
	ctx, cancel := context.WithTimeout(context.Background(), upstreamTimeout)
	defer cancel()
	client := dns.Client{Net: network, Timeout: upstreamTimeout / time.Duration(len(s.upstream))}
	for _, server := range s.upstream {
		reply, _, err := client.ExchangeContext(ctx, query, server)
		if err == nil {
			reply.Id = query.Id
			return reply
		}
		s.log.Debug("upstream DNS server does not answer", "server", server, "error", err)
	}
	return new(dns.Msg).SetRcode(query, dns.RcodeServerFailure)
}

// shuffleAddresses spreads clients that take the first address, as most do.
func shuffleAddresses(records []dns.RR) {
	for _, record := range records {
		if record.Header().Rrtype != dns.TypeA {
			return
		}
	}
	rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
}
