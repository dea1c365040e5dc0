package chartsource

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// repository is a Helm repository.
type repository struct {
	source      Source
	base        *url.URL
	client      *http.Client
	credentials Credentials
	limits      Limits
}

func newRepository(source Source, credentials Credentials, limits Limits) (*repository, error) {
	client, err := newClient(source, credentials, limits)
	if err != nil {
		return nil, err
	}
	_, base, err := source.locate()
	if err != nil {
		return nil, err
	}
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	return &repository{source: source, base: base, client: client, credentials: credentials, limits: limits}, nil
}

func (r *repository) index(ctx context.Context) (*index, error) {
	text, err := r.get(ctx, "index.yaml", r.limits.Index)
	if err != nil {
		return nil, err
	}
	found, err := parseIndex(text)
	if err != nil {
		return nil, r.source.failed("cannot be used: %v", err)
	}
	if len(found.versions()) == 0 {
		return nil, r.source.failed("holds no Istio: its index lists no version of both charts base and istiod")
	}
	return found, nil
}

func (r *repository) archive(ctx context.Context, _ ChartVersion, e entry) ([]byte, error) {
	return r.get(ctx, e.URL, r.limits.Archive)
}

// get reads what is at a URL, which may be relative to the repository.
func (r *repository) get(ctx context.Context, reference string, limit int64) ([]byte, error) {
	relative, err := url.Parse(reference)
	if err != nil {
		return nil, r.source.failed("cannot be used: its index leads to an invalid address")
	}
	target := r.base.ResolveReference(relative)
	if target.Scheme != "https" && target.Scheme != "http" {
		return nil, r.source.failed("cannot be used: its index leads to an address of scheme %q", target.Scheme)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, r.source.failed("cannot be used: its index leads to an invalid address")
	}
	request.Header.Set("User-Agent", userAgent)
	if sameServer(target, r.base) {
		r.identify(request)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, r.source.unreachable(err, r.limits.Exchange)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, r.source.unreachable(statusError(response.StatusCode), r.limits.Exchange)
	}
	data, err := readLimited(response.Body, limit)
	if err != nil {
		return nil, r.source.unreachable(err, r.limits.Exchange)
	}
	return data, nil
}

func (r *repository) identify(request *http.Request) {
	switch {
	case r.credentials.Token != "":
		request.Header.Set("Authorization", "Bearer "+r.credentials.Token)
	case r.credentials.identify():
		request.SetBasicAuth(r.credentials.Username, r.credentials.Password)
	}
}
