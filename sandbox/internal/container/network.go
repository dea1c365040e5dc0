package container

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/vishvananda/netlink"
)

// podLink is the name of a pod's link inside the pod.
const podLink = "eth0"

// attachNetwork makes a pod's network namespace with a link to the bridge, which is in the namespace host.
func attachNetwork(spec PodSpec, host *os.File) (*os.File, error) {
	bridge, err := netlink.LinkByName(spec.Bridge)
	if err != nil {
		return nil, fmt.Errorf("find bridge %s: %w", spec.Bridge, err)
	}
	address, err := podAddress(spec, bridge)
	if err != nil {
		return nil, err
	}
	// A node that was killed leaves links for a moment, until the kernel frees their pods' namespaces.
	if err := removeLink(spec.UID); err != nil {
		return nil, err
	}
	outer := linkName(spec.UID)
	network, err := newNetwork(func() error {
		if err := setUp("lo"); err != nil {
			return err
		}
		return makeLink(outer, address, spec.Gateway, host)
	})
	if err != nil {
		return nil, err
	}
	if err := plug(outer, bridge); err != nil {
		network.Close()
		return nil, err
	}
	return network, nil
}

// podAddress is the pod's IP with the prefix length that the gateway's address has on the bridge.
func podAddress(spec PodSpec, bridge netlink.Link) (*netlink.Addr, error) {
	ip, err := netip.ParseAddr(spec.IP)
	if err != nil {
		return nil, fmt.Errorf("pod address: %w", err)
	}
	addresses, err := netlink.AddrList(bridge, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("list addresses of %s: %w", spec.Bridge, err)
	}
	for _, a := range addresses {
		if a.IP.String() == spec.Gateway && a.Contains(ip.AsSlice()) {
			return &netlink.Addr{IPNet: &net.IPNet{IP: ip.AsSlice(), Mask: a.Mask}}, nil
		}
	}
	return nil, fmt.Errorf("bridge %s has no address %s with a network for %s", spec.Bridge, spec.Gateway, spec.IP)
}

// makeLink runs in the pod's namespace.
func makeLink(outer string, address *netlink.Addr, gateway string, host *os.File) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = podLink
	attributes.HardwareAddr = hardwareAddress(address.IP)
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: outer, PeerNamespace: netlink.NsFd(host.Fd())}); err != nil {
		return fmt.Errorf("make the pod's link: %w", err)
	}
	link, err := netlink.LinkByName(podLink)
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, address); err != nil {
		return fmt.Errorf("set the pod's address: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP(gateway)}); err != nil {
		return fmt.Errorf("set the pod's default route: %w", err)
	}
	return nil
}

func plug(outer string, bridge netlink.Link) error {
	link, err := netlink.LinkByName(outer)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetMaster(link, bridge); err != nil {
		return fmt.Errorf("attach the pod to the bridge: %w", err)
	}
	return netlink.LinkSetUp(link)
}

func setUp(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

// removeLink removes a pod's link, if there is one, from the bridge's namespace.
func removeLink(uid string) error {
	link, err := netlink.LinkByName(linkName(uid))
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, syscall.ENODEV) {
		return fmt.Errorf("remove the pod's link: %w", err)
	}
	return nil
}

// linkName is the name of the bridge's end of a pod's link: at most 15 characters, unique for each pod.
func linkName(uid string) string {
	sum := sha256.Sum256([]byte(uid))
	return "pod" + hex.EncodeToString(sum[:6])
}

// hardwareAddress follows from the IP, so that neighbours that remember a pod reach its successor with the same IP.
func hardwareAddress(ip net.IP) net.HardwareAddr {
	v4 := ip.To4()
	if v4 == nil {
		sum := sha256.Sum256(ip)
		v4 = sum[:4]
	}
	return append(net.HardwareAddr{0x02, 0x01}, v4...)
}
