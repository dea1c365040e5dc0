package clusterdns

import (
	"strings"

	"github.com/miekg/dns"
)

const nameServer = "ns.dns." + Domain

// origins returns the names below which the cluster alone decides what exists: its own domain, and the reverse
// names of private addresses, all of which it hands out itself.
func origins() []string { return []string{Domain, "10.in-addr.arpa.", "30.172.in-addr.arpa."} }

// maxAliases bounds the chain of CNAMEs that one answer follows.
const maxAliases = 8

// Zone is an immutable set of records that can be asked.
type Zone struct {
	// records by owner. A name without records is there because there are names below it.
	records map[string][]dns.RR
}

// NewZone returns the zone of the records.
func NewZone(records []dns.RR) *Zone {
	zone := &Zone{records: map[string][]dns.RR{}}
	for _, origin := range origins() {
		zone.records[origin] = []dns.RR{soa(origin)}
	}
	for _, record := range records {
		name := dns.CanonicalName(record.Header().Name)
		origin, ok := originOf(name)
		if !ok {
			continue
		}
		zone.records[name] = append(zone.records[name], record)
		for parent := name; parent != origin; {
			_, parent, _ = strings.Cut(parent, ".")
			if _, known := zone.records[parent]; known {
				break
			}
			zone.records[parent] = nil
		}
	}
	return zone
}

// Holds tells whether the zone decides about the name.
func (z *Zone) Holds(name string) bool {
	_, ok := originOf(dns.CanonicalName(name))
	return ok
}

// Answer returns the authoritative reply to a question about a name that the zone holds: records, or no such
// name, or a name without records of the type. An alias to a name elsewhere is answered by the alias alone.
func (z *Zone) Answer(query *dns.Msg) *dns.Msg {
	reply := new(dns.Msg).SetReply(query)
	reply.Authoritative = true
	question := query.Question[0]
	origin, _ := originOf(dns.CanonicalName(question.Name))
	name := question.Name // the reply repeats it as the client wrote it
	for range maxAliases {
		records, exists := z.records[dns.CanonicalName(name)]
		matching, alias := match(records, question.Qtype, name)
		reply.Answer = append(reply.Answer, matching...)
		if !exists {
			reply.Rcode = dns.RcodeNameError
		}
		if len(matching) == 0 {
			reply.Ns = []dns.RR{soa(origin)}
		}
		if alias == "" || !z.Holds(alias) {
			break
		}
		name = alias
	}
	for _, record := range reply.Answer {
		if service, ok := record.(*dns.SRV); ok {
			addresses, _ := match(z.records[dns.CanonicalName(service.Target)], dns.TypeA, service.Target)
			reply.Extra = append(reply.Extra, addresses...)
		}
	}
	reply.Extra = dns.Dedup(reply.Extra, nil)
	return reply
}

// match picks the records of the type, or the alias that stands for all types, under the name as written.
func match(records []dns.RR, kind uint16, name string) (matching []dns.RR, alias string) {
	for _, record := range records {
		cname, isAlias := record.(*dns.CNAME)
		if record.Header().Rrtype == kind || kind == dns.TypeANY || isAlias {
			renamed := dns.Copy(record)
			renamed.Header().Name = name
			matching = append(matching, renamed)
		}
		if isAlias && kind != dns.TypeCNAME && kind != dns.TypeANY {
			alias = cname.Target
		}
	}
	return matching, alias
}

func originOf(name string) (string, bool) {
	for _, origin := range origins() {
		if dns.IsSubDomain(origin, name) {
			return origin, true
		}
	}
	return "", false
}

func soa(origin string) dns.RR {
	return &dns.SOA{Hdr: header(origin, dns.TypeSOA), Ns: nameServer, Mbox: "hostmaster." + Domain,
		Serial: 1, Refresh: 7200, Retry: 1800, Expire: 86400, Minttl: ttl}
}
