// Package controlplane runs a real Kubernetes control plane, that is etcd,
// kube-apiserver, kube-controller-manager and kube-scheduler, inside this
// process.
//
// The components keep process-wide state (feature gates, informer names,
// metrics), so one process runs one control plane, once. A second one needs a
// second process.
package controlplane

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
)

// Config says what to run. The zero value of every field but Dir is useful.
type Config struct {
	// Name of the cluster: names the kubeconfig's cluster and context.
	// Default "sandbox".
	Name string

	// Dir holds etcd's data, certificates, kubeconfigs and the log. A second
	// run with the same directory resumes the same cluster.
	Dir string

	// Port on 127.0.0.1 for the API server. 0 takes the port of the last run
	// with the same Dir, or else one that is free.
	Port int

	// Listeners are served beside the port on 127.0.0.1. Run closes them.
	Listeners []net.Listener

	// Controllers says whether the controller manager and the scheduler run.
	Controllers bool

	// Advertise is an address of this machine under which pods and other
	// clusters reach the API server, on the same port. When set, the API server
	// listens there too, and it is the endpoint of the Service default/kubernetes.
	Advertise netip.Addr

	// ServiceRange holds the cluster IPs. Default 10.96.0.0/16; its first
	// address is that of the Service default/kubernetes.
	ServiceRange netip.Prefix

	// SecondServiceRange, if set, makes the cluster dual-stack: Services can
	// also have cluster IPs of this range, which is of the other IP family.
	SecondServiceRange netip.Prefix

	// Ready is called once, when /readyz of the API server answers ok.
	Ready func(kubeconfig string)
}

const (
	defaultName         = "sandbox"
	defaultServiceRange = "10.96.0.0/16"
	loopback            = "127.0.0.1"
)

func (c Config) withDefaults() (Config, error) {
	if c.Dir == "" {
		return c, errors.New("the control plane needs a directory")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("finding the directory of the control plane: %w", err)
	}
	c.Dir = dir
	if c.Name == "" {
		c.Name = defaultName
	}
	if !c.ServiceRange.IsValid() {
		c.ServiceRange = netip.MustParsePrefix(defaultServiceRange)
	}
	if c.Ready == nil {
		c.Ready = func(string) {}
	}
	return c, nil
}

// serviceAddress is the cluster IP of the Service default/kubernetes.
func (c Config) serviceAddress() netip.Addr {
	return c.ServiceRange.Masked().Addr().Next()
}

// serviceRanges is the value of the API server's flag.
func (c Config) serviceRanges() string {
	if c.SecondServiceRange.IsValid() {
		return c.ServiceRange.String() + "," + c.SecondServiceRange.String()
	}
	return c.ServiceRange.String()
}

// servingAddresses are those under which clients may reach the API server.
func (c Config) servingAddresses() []net.IP {
	addresses := []net.IP{net.ParseIP(loopback), c.serviceAddress().AsSlice()}
	if c.Advertise.IsValid() {
		addresses = append(addresses, c.Advertise.AsSlice())
	}
	return addresses
}

// Layout names the files of a control plane's directory.
type Layout struct{ Dir string }

// Kubeconfig is the administrator's, for use on the same machine or namespace.
func (l Layout) Kubeconfig() string { return filepath.Join(l.Dir, "kubeconfig") }

// CA is the certificate authority that signs serving and client certificates.
func (l Layout) CA() KeyPair { return l.pair("ca") }

// Admin is the client certificate of the cluster's administrator.
func (l Layout) Admin() KeyPair { return l.pair("admin") }

// Log is where all components write.
func (l Layout) Log() string { return filepath.Join(l.Dir, "control-plane.log") }

func (l Layout) etcd() string { return filepath.Join(l.Dir, "etcd") }
func (l Layout) lock() string { return filepath.Join(l.Dir, "lock") }
func (l Layout) componentKubeconfig(c string) string {
	return filepath.Join(l.Dir, c+".kubeconfig")
}

func (l Layout) pair(name string) KeyPair {
	pki := filepath.Join(l.Dir, "pki")
	return KeyPair{Cert: filepath.Join(pki, name+".crt"), Key: filepath.Join(pki, name+".key")}
}

// serviceAccountKey signs and verifies the tokens of service accounts.
func (l Layout) serviceAccountKey() string { return filepath.Join(l.Dir, "pki", "sa.key") }
