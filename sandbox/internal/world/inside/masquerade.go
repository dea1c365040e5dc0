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

// masquerade gives packets of pods that leave for other clusters the address
// of this one: pods have the same addresses everywhere, so an answer would go
// to a pod of the cluster that it comes from.
func masquerade() error {
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
	connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: podsLeaving(layout.WANLink, netip.MustParsePrefix(layout.PodRange))})
	if err := connection.Flush(); err != nil {
		return fmt.Errorf("masquerading pods towards other clusters: %w", err)
	}
	return nil
}

// podsLeaving matches packets from the addresses through the link, and masquerades them.
func podsLeaving(link string, from netip.Prefix) []expr.Any {
	const (
		register       = 1
		sourceOffset   = 12 // of the source address in an IPv4 header
		addressLength  = 4
		interfaceNames = 16 // bytes that the kernel compares
	)
	name := make([]byte, interfaceNames)
	copy(name, link)
	mask := binaryutil.BigEndian.PutUint32(^uint32(0) << (32 - from.Bits()))
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: name},
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: sourceOffset, Len: addressLength},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: addressLength, Mask: mask, Xor: make([]byte, addressLength)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: from.Masked().Addr().AsSlice()},
		&expr.Masq{},
	}
}
