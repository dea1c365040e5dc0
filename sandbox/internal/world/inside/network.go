//go:build linux

package inside

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// Hardware addresses of the bridges. A bridge without one of its own takes that
// of a port, and another when the port leaves: neighbours lose it then.
const (
	wanHardwareAddress = "02:5a:00:00:00:01"
	podHardwareAddress = "02:5a:00:00:00:02"
)

// makeWAN makes the network between clusters in the supervisor's namespace.
func makeWAN() error {
	if err := setUp("lo"); err != nil {
		return err
	}
	return addBridge(layout.WANBridge, wanHardwareAddress, layout.WANAddress, layout.WANRange)
}

// connectToWAN plugs a cluster, which is the network namespace of a process, into the network between clusters.
func connectToWAN(c layout.Cluster, pid int) error {
	bridge, err := netlink.LinkByName(layout.WANBridge)
	if err != nil {
		return fmt.Errorf("connecting cluster %s: %w", c.Name(), err)
	}
	outer := "wan-" + c.Name()
	// After a cluster's process died the kernel may still be busy removing its link.
	if err := removeLink(outer); err != nil {
		return fmt.Errorf("connecting cluster %s: %w", c.Name(), err)
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = outer
	attributes.MasterIndex = bridge.Attrs().Index
	pair := &netlink.Veth{LinkAttrs: attributes, PeerName: layout.WANLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("connecting cluster %s: %w", c.Name(), err)
	}
	if err := setUp(outer); err != nil {
		return fmt.Errorf("connecting cluster %s: %w", c.Name(), err)
	}
	return nil
}

// makeClusterNetwork makes the network of a cluster's namespace, which is connected already.
func makeClusterNetwork(c layout.Cluster, topology layout.Topology) error {
	if err := setUp("lo"); err != nil {
		return err
	}
	if err := addAddress(layout.WANLink, c.WANAddress().String(), layout.WANRange); err != nil {
		return err
	}
	if err := addBridge(layout.PodBridge, podHardwareAddress, topology.NodeAddress(c), topology.PodRange(c).String()); err != nil {
		return err
	}
	for _, local := range []netip.Prefix{netip.MustParsePrefix(layout.ServiceRange), c.LoadBalancers()} {
		if err := makeLocal(local); err != nil {
			return err
		}
	}
	for _, neighbour := range topology.Neighbours(c) {
		if err := makeReachable(topology.PodRange(neighbour), neighbour.WANAddress()); err != nil {
			return err
		}
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return fmt.Errorf("letting pods out: %w", err)
	}
	return nil
}

func setUp(name string) error {
	link, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.LinkSetUp(link)
	}
	if err != nil {
		return fmt.Errorf("setting up %s: %w", name, err)
	}
	return nil
}

func addBridge(name, hardware, address, network string) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = name
	var err error
	if attributes.HardwareAddr, err = net.ParseMAC(hardware); err != nil {
		return fmt.Errorf("making bridge %s: %w", name, err)
	}
	if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attributes}); err != nil {
		return fmt.Errorf("making bridge %s: %w", name, err)
	}
	return addAddress(name, address, network)
}

// addAddress gives the link an address in the network and sets it up.
func addAddress(name, address, network string) error {
	prefix := netip.MustParsePrefix(network)
	link, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.AddrReplace(link, &netlink.Addr{IPNet: &net.IPNet{
			IP:   net.ParseIP(address),
			Mask: net.CIDRMask(prefix.Bits(), 32),
		}})
	}
	if err != nil {
		return fmt.Errorf("giving %s the address %s: %w", name, address, err)
	}
	return setUp(name)
}

// makeLocal lets this namespace answer for every address of the range, so that
// a Service needs a listening socket only, and no link or rule.
func makeLocal(addresses netip.Prefix) error {
	loopback, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.RouteReplace(&netlink.Route{
			LinkIndex: loopback.Attrs().Index,
			Dst:       &net.IPNet{IP: addresses.Addr().AsSlice(), Mask: net.CIDRMask(addresses.Bits(), 32)},
			Type:      unix.RTN_LOCAL,
			Table:     unix.RT_TABLE_LOCAL,
			Scope:     netlink.SCOPE_HOST,
		})
	}
	if err != nil {
		return fmt.Errorf("taking the addresses %s: %w", addresses, err)
	}
	return nil
}

// makeReachable leads to the pods of another cluster of the network.
func makeReachable(pods netip.Prefix, through netip.Addr) error {
	link, err := netlink.LinkByName(layout.WANLink)
	if err == nil {
		err = netlink.RouteReplace(&netlink.Route{
			LinkIndex: link.Attrs().Index,
			Dst:       &net.IPNet{IP: pods.Addr().AsSlice(), Mask: net.CIDRMask(pods.Bits(), 32)},
			Gw:        through.AsSlice(),
		})
	}
	if err != nil {
		return fmt.Errorf("leading to the pods %s: %w", pods, err)
	}
	return nil
}

func removeLink(name string) error {
	link, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
		return err
	}
	return nil
}
