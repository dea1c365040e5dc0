package signin

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// maxCredential bounds each part of the credentials, in bytes. Certificates with long chains have some 10 KB.
const maxCredential = 64 << 10

// Credentials are what a kubeconfig proves its user with: a bearer token, or a client certificate with its key, both as
// PEM. They must not be logged.
type Credentials struct {
	Token       string `json:"token,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	Key         string `json:"key,omitempty"`
}

// Validate tells what is wrong with the form of the credentials.
func (c Credentials) Validate() error {
	certificate := c.Certificate != "" || c.Key != ""
	switch {
	case len(c.Token) > maxCredential || len(c.Certificate) > maxCredential || len(c.Key) > maxCredential:
		return errors.New("the credentials are too long")
	case c.Token == "" && !certificate:
		return errors.New("there are no credentials: a bearer token or a client certificate is needed")
	case c.Token != "" && certificate:
		return errors.New("there are a bearer token and a client certificate: give one of them")
	case certificate && (c.Certificate == "" || c.Key == ""):
		return errors.New("a client certificate needs its key")
	case strings.ContainsAny(c.Token, "\r\n"):
		return errors.New("the bearer token holds a line break")
	}
	return nil
}

// errCaptured ends a request that was only made to see how it would be authenticated.
var errCaptured = errors.New("captured")

// capture is a transport that sends nothing and keeps the bearer token.
type capture struct{ token string }

// RoundTrip keeps the token that the request would carry.
func (c *capture) RoundTrip(request *http.Request) (*http.Response, error) {
	if token, found := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer "); found {
		c.token = token
	}
	return nil, errCaptured
}

// CredentialsOf extracts the credentials of a kubeconfig the same way kubectl would use them: a token, a file with one,
// a client certificate, or what an exec plugin gives. A user name with a password is refused.
func CredentialsOf(config *rest.Config) (Credentials, error) {
	if config.Username != "" || config.Password != "" {
		return Credentials{}, errors.New("the kubeconfig has a user name and password, which are not supported: use a client certificate, a token or an exec plugin")
	}
	settings, err := config.TransportConfig()
	if err != nil {
		return Credentials{}, fmt.Errorf("read the credentials of the kubeconfig: %w", err)
	}
	settings.Impersonate = transport.ImpersonationConfig{}
	token, err := tokenOf(settings, config.Host)
	if err != nil || token != "" {
		return Credentials{Token: token}, err
	}
	return certificateOf(settings)
}

func tokenOf(settings *transport.Config, host string) (string, error) {
	captured := &capture{}
	wrapped, err := transport.HTTPWrappersForConfig(settings, captured)
	if err != nil {
		return "", fmt.Errorf("read the credentials of the kubeconfig: %w", err)
	}
	request, err := http.NewRequest(http.MethodGet, host, nil) //nolint:noctx // it is not sent
	if err != nil {
		return "", fmt.Errorf("server of the kubeconfig: %w", err)
	}
	response, err := wrapped.RoundTrip(request)
	if response != nil {
		_ = response.Body.Close() // there is none: nothing was sent
	}
	if err != nil && !errors.Is(err, errCaptured) {
		return "", fmt.Errorf("get the credentials of the kubeconfig: %w", err)
	}
	return captured.token, nil
}

func certificateOf(settings *transport.Config) (Credentials, error) {
	if holder := settings.TLS.GetCertHolder; holder != nil {
		certificate, err := holder.GetCert()
		if err != nil {
			return Credentials{}, fmt.Errorf("get the client certificate of the kubeconfig: %w", err)
		}
		if certificate != nil {
			return encode(certificate)
		}
	}
	if _, err := transport.TLSConfigFor(settings); err != nil { // reads the files that the kubeconfig names
		return Credentials{}, fmt.Errorf("read the client certificate of the kubeconfig: %w", err)
	}
	credentials := Credentials{Certificate: string(settings.TLS.CertData), Key: string(settings.TLS.KeyData)}
	return credentials, credentials.Validate()
}

func encode(certificate *tls.Certificate) (Credentials, error) {
	var chain strings.Builder
	for _, der := range certificate.Certificate {
		chain.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	der, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		return Credentials{}, errors.New("the key of the kubeconfig's client certificate cannot be exported")
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return Credentials{Certificate: chain.String(), Key: string(key)}, nil
}
