package chartsource

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"

	"github.com/meshmanager/smm/internal/istio"
)

// Source is a place that has Istio's charts.
type Source struct {
	// Name is what users call it.
	Name string
	// URL is that of a Helm repository (https, http), of a folder of an OCI registry (oci), or of a
	// directory (file, or an absolute path).
	URL string
	// PlainHTTP lets credentials be sent, and an OCI registry be reached, without encryption.
	PlainHTTP bool
	// Checksums are the SHA-256 sums that packaged charts must have, in hexadecimal digits.
	Checksums map[ChartVersion]string
	// Credentials are asked for whenever the source is about to be contacted; nil for none.
	Credentials func(ctx context.Context) (Credentials, error)
}

// ChartVersion is one version of one chart.
type ChartVersion struct {
	Chart   istio.Chart
	Version string
}

// String is the chart's name and version.
func (c ChartVersion) String() string { return string(c.Chart) + " " + c.Version }

// Credentials prove to a source who asks. The zero value is nobody.
type Credentials struct {
	Username, Password string
	// Token is a bearer token.
	Token string
	// CA holds certificates, in PEM, of authorities that are trusted for the source alone.
	CA []byte
}

// LogValue keeps credentials out of logs.
func (Credentials) LogValue() slog.Value { return slog.StringValue("redacted") }

// String keeps credentials out of messages.
func (Credentials) String() string { return "redacted" }

// GoString keeps credentials out of messages.
func (Credentials) GoString() string { return "redacted" }

func (c Credentials) identify() bool {
	return c.Username != "" || c.Password != "" || c.Token != ""
}

// kind is a way to publish charts.
type kind int

const (
	repositoryKind kind = iota
	registryKind
	directoryKind
)

var namePattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

var sumPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Validate tells, in one line, why the source cannot be used. Nothing is contacted.
func (s Source) Validate() error {
	if !namePattern.MatchString(s.Name) {
		return fmt.Errorf("chart source name %q: use lower-case letters, digits, - and . only", s.Name)
	}
	for chart, sum := range s.Checksums {
		if !sumPattern.MatchString(sum) {
			return fmt.Errorf("chart source %s: the checksum of chart %s is not the 64 hexadecimal digits of a SHA-256 sum", s.Name, chart)
		}
	}
	_, _, err := s.locate()
	return err
}

// locate tells what kind of source the URL means, and where it is.
func (s Source) locate() (kind, *url.URL, error) {
	if filepath.IsAbs(s.URL) {
		return directoryKind, &url.URL{Path: s.URL}, nil
	}
	location, err := url.Parse(s.URL)
	if err != nil {
		// The error repeats the URL, in which a password may be.
		return 0, nil, fmt.Errorf("chart source %s: its URL cannot be read", s.Name)
	}
	if location.User != nil {
		return 0, nil, fmt.Errorf("chart source %s: credentials must not be in the URL; put them in a Secret and refer to it by secretRef", s.Name)
	}
	found, known := map[string]kind{
		"http": repositoryKind, "https": repositoryKind, "oci": registryKind, "file": directoryKind,
	}[location.Scheme]
	if !known {
		return 0, nil, fmt.Errorf("chart source %s: URL %q must begin with https://, http://, oci:// or / (a directory)", s.Name, s.URL)
	}
	if found == directoryKind && (location.Host != "" || !filepath.IsAbs(location.Path)) {
		return 0, nil, fmt.Errorf("chart source %s: URL %q names no absolute directory", s.Name, s.URL)
	}
	if found != directoryKind && location.Host == "" {
		return 0, nil, fmt.Errorf("chart source %s: URL %q names no host", s.Name, s.URL)
	}
	return found, location, nil
}

// errPlain is why credentials are not sent.
var errPlain = errors.New("its URL is not encrypted, and credentials would be readable on the way; use https:// or set plainHTTP")
