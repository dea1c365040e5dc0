package proxy

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	one, two, three = at("10.201.0.1:80"), at("10.201.0.2:80"), at("10.201.0.3:80")
	ann, bob        = netip.MustParseAddr("10.201.0.9"), netip.MustParseAddr("10.201.0.10")
)

func TestBalancerTakesEndpointsInTurnAndFallsBackToTheOthers(t *testing.T) {
	b := &balancer{}
	b.update([]netip.AddrPort{one, two, three}, 0)
	now := time.Now()
	for _, want := range [][]netip.AddrPort{{one, two, three}, {two, three, one}, {three, one, two}, {one, two, three}} {
		if diff := cmp.Diff(want, b.candidates(ann, now), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
			t.Error(diff)
		}
	}
	b.update(nil, 0)
	if got := b.candidates(ann, now); got != nil {
		t.Errorf("candidates without endpoints = %v", got)
	}
}

func TestBalancerKeepsAClientAtItsEndpoint(t *testing.T) {
	now := time.Now()
	b := &balancer{}
	b.update([]netip.AddrPort{one, two, three}, time.Minute)
	b.chosen(ann, two, now)
	first := func(client netip.Addr, at time.Time) netip.AddrPort { return b.candidates(client, at)[0] }

	for range 3 {
		if got := first(ann, now.Add(59*time.Second)); got != two {
			t.Fatalf("attached client goes to %s, not %s", got, two)
		}
	}
	if got := first(bob, now); got != one {
		t.Errorf("another client goes to %s, not the next endpoint %s", got, one)
	}
	if a, b := first(ann, now.Add(time.Hour)), first(ann, now.Add(time.Hour)); a == b {
		t.Errorf("a client that was idle for longer than the affinity still goes to %s only", a)
	}
	b.chosen(ann, two, now)
	b.update([]netip.AddrPort{one, three}, time.Minute)
	if got := first(ann, now); got == two {
		t.Error("client goes to an endpoint that is gone")
	}
}
