//go:build linux

package inside

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// masquerade gives packets of pods that leave for addresses between clusters the
// address of this one: pods of other networks have the same addresses, so an
// answer would go to a pod of the cluster that it comes from. Pods of one
// network see each other as they are.
func masquerade(pods netip.Prefix) error {
	table := &nftables.Table{Name: "smm-sandbox", Family: nftables.TableFamilyIPv4}
	chain := &nftables.Chain{
		Name:     "leaving",
		Table:    table,
		Type:     nftables.ChainTypeNAT,
		Hooknum:  nftables.ChainHookPostrouting,
		Priority: nftables.ChainPriorityNATSource,
	}
	connection := &nftables.Conn{}
	connection.AddTable(table)
	connection.AddChain(chain)
	connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: podsLeaving(layout.WANLink, pods, netip.MustParsePrefix(layout.WANRange))})
	if err := connection.Flush(); err != nil {
		return fmt.Errorf("masquerading pods towards other clusters: %w", err)
	}
	return nil
}

// podsLeaving matches packets from some addresses to others through the link, and masquerades them.
func podsLeaving(link string, from, to netip.Prefix) []expr.Any {
	const (
		register       = 1
		sourceOffset   = 12 // of the source address in an IPv4 header
		targetOffset   = 16 // of the destination address
		addressLength  = 4
		interfaceNames = 16 // bytes that the kernel compares
	)
	name := make([]byte, interfaceNames)
	copy(name, link)
	within := func(offset uint32, addresses netip.Prefix) []expr.Any {
		mask := binaryutil.BigEndian.PutUint32(^uint32(0) << (32 - addresses.Bits()))
		return []expr.Any{
			&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: addressLength},
			&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: addressLength, Mask: mask, Xor: make([]byte, addressLength)},
			&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: addresses.Masked().Addr().AsSlice()},
		}
	}
	rule := []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: name},
	}
	rule = append(rule, within(sourceOffset, from)...)
	rule = append(rule, within(targetOffset, to)...)
	return append(rule, &expr.Masq{})
}
