package controlplane

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"time"
)

// Names that the API server knows its clients by.
const (
	userAdmin             = "smm-sandbox-admin"
	userControllerManager = "system:kube-controller-manager"
	userScheduler         = "system:kube-scheduler"
	userKubeletClient     = "kube-apiserver-kubelet-client"
	userFrontProxy        = "front-proxy-client"
	groupMasters          = "system:masters"
)

// ensureCertificates makes what is missing, about to expire or made for other addresses.
func ensureCertificates(c Config, files Layout, now time.Time) error {
	ca, err := ensureAuthority(files.CA(), c.Name+"-ca", now)
	if err != nil {
		return err
	}
	// A separate authority: whoever holds a client certificate of the cluster
	// must not be able to speak for others through the request headers.
	frontProxyCA, err := ensureAuthority(files.pair("front-proxy-ca"), c.Name+"-front-proxy-ca", now)
	if err != nil {
		return err
	}
	leaves := []struct {
		by       *authority
		files    KeyPair
		template *x509.Certificate
	}{
		{ca, files.pair("apiserver"), serving(c)},
		{ca, files.Admin(), client(userAdmin, groupMasters)},
		{ca, files.pair("apiserver-kubelet-client"), client(userKubeletClient, groupMasters)},
		// All controllers share one client, whose rights must cover those of
		// every controller's service account.
		{ca, files.pair("controller-manager"), client(userControllerManager, groupMasters)},
		{ca, files.pair("scheduler"), client(userScheduler)},
		{frontProxyCA, files.pair("front-proxy-client"), client(userFrontProxy)},
	}
	for _, leaf := range leaves {
		if err := leaf.by.ensure(leaf.files, leaf.template, now); err != nil {
			return err
		}
	}
	return ensureSigningKey(files.serviceAccountKey())
}

func client(user string, groups ...string) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

func serving(c Config) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local",
		},
		IPAddresses: c.servingAddresses(),
	}
}

// NodeCertificate returns the certificate with which a node's kubelet endpoint
// proves itself to the API server. It is made when it is missing or no longer
// good. The control plane must have run before.
func NodeCertificate(files Layout, node string, address net.IP) (tls.Certificate, error) {
	ca, err := loadAuthority(files.CA())
	if err != nil {
		return tls.Certificate{}, err
	}
	pair := files.pair("node-" + node)
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "system:node:" + node, Organization: []string{"system:nodes"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{node},
		IPAddresses: []net.IP{address},
	}
	if err := ca.ensure(pair, template, time.Now()); err != nil {
		return tls.Certificate{}, err
	}
	certificate, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("loading the certificate of node %s: %w", node, err)
	}
	return certificate, nil
}
