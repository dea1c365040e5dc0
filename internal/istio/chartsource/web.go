package chartsource

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// userAgent is how the product introduces itself to servers.
const userAgent = "smm"

// maxRedirects is how often a server may send us elsewhere for one request.
const maxRedirects = 5

// newClient returns a client that trusts the source's own authorities too, and that goes without
// encryption only where the user asked for that.
func newClient(source Source, credentials Credentials, limits Limits) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // it is used rarely
	if len(credentials.CA) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(credentials.CA) {
			return nil, source.failed("has a Secret whose ca.crt holds no certificate")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	_, location, err := source.locate()
	if err != nil {
		return nil, err
	}
	var through http.RoundTripper = transport
	if !source.PlainHTTP {
		if location.Scheme == "http" && credentials.identify() {
			return nil, source.failed("is not used: %v", errPlain)
		}
		if location.Scheme != "http" {
			through = encrypted{transport}
		}
	}
	return &http.Client{
		Transport: through,
		Timeout:   limits.Exchange,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) >= maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			return nil
		},
	}, nil
}

// encrypted refuses requests without encryption, wherever a server sends us.
type encrypted struct{ next http.RoundTripper }

// RoundTrip carries out an encrypted request.
func (e encrypted) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" {
		return nil, errors.New("the server leads to an address without encryption")
	}
	return e.next.RoundTrip(request)
}

// sameServer tells whether two URLs lead to the same server, which may then see the credentials.
func sameServer(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && a.Host == b.Host
}

// readLimited reads all of a stream, unless it is longer than the limit.
func readLimited(stream io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(stream, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("its answer is larger than %d bytes", limit)
	}
	return data, nil
}
