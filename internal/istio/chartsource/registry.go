package chartsource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/meshmanager/smm/internal/istio"
)

// chartMediaType is what Helm calls the layer of an OCI artifact that is a packaged chart.
const chartMediaType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

// maxTags bounds what a registry lists.
const maxTags = 10000

var errTooManyTags = errors.New("too many tags")

// registry is a folder of an OCI registry in which each chart is a repository and each of its
// versions a tag.
type registry struct {
	source Source
	folder string
	client *auth.Client
	limits Limits
}

func newRegistry(source Source, credentials Credentials, limits Limits) (*registry, error) {
	client, err := newClient(source, credentials, limits)
	if err != nil {
		return nil, err
	}
	_, location, err := source.locate()
	if err != nil {
		return nil, err
	}
	return &registry{
		source: source,
		folder: strings.TrimSuffix(location.Host+location.Path, "/"),
		limits: limits,
		client: &auth.Client{
			Client: client,
			Header: http.Header{"User-Agent": {userAgent}},
			Cache:  auth.NewCache(),
			Credential: auth.StaticCredential(location.Host, auth.Credential{
				Username: credentials.Username, Password: credentials.Password, AccessToken: credentials.Token,
			}),
		},
	}, nil
}

func (r *registry) repository(chart istio.Chart) (*remote.Repository, error) {
	repository, err := remote.NewRepository(r.folder + "/" + string(chart))
	if err != nil {
		return nil, r.source.failed("cannot be used: its URL names no folder of an OCI registry")
	}
	repository.Client = r.client
	repository.PlainHTTP = r.source.PlainHTTP
	repository.MaxMetadataBytes = r.limits.Index
	return repository, nil
}

// index lists the versions of istiod. That the other charts are there too shows when they are
// fetched: asking for all would be several requests for each.
func (r *registry) index(ctx context.Context) (*index, error) {
	repository, err := r.repository(istio.ChartIstiod)
	if err != nil {
		return nil, err
	}
	found, count := newIndex(), 0
	err = repository.Tags(ctx, "", func(tags []string) error {
		if count += len(tags); count > maxTags {
			return errTooManyTags
		}
		for _, tag := range tags {
			if version := strings.ReplaceAll(tag, "_", "+"); isVersion(version) {
				for _, chart := range istio.AllCharts() {
					found.set(chart, version, entry{})
				}
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, errTooManyTags):
		return nil, r.source.failed("cannot be used: it lists more than %d tags", maxTags)
	case statusOf(err) == http.StatusNotFound:
		return nil, r.source.failed("holds no Istio: it has no chart istiod")
	case err != nil:
		return nil, r.source.unreachable(err, r.limits.Exchange)
	case len(found.versions()) == 0:
		return nil, r.source.failed("holds no Istio: chart istiod has no version")
	}
	return found, nil
}

// archive fetches the layer that is the packaged chart. The registry's digests are checked on the
// way.
func (r *registry) archive(ctx context.Context, chart ChartVersion, _ entry) ([]byte, error) {
	repository, err := r.repository(chart.Chart)
	if err != nil {
		return nil, err
	}
	tag := strings.ReplaceAll(chart.Version, "+", "_")
	descriptor, stream, err := repository.FetchReference(ctx, tag)
	if err != nil {
		return nil, r.source.unreachable(err, r.limits.Exchange)
	}
	defer stream.Close()
	if descriptor.Size > r.limits.Index {
		return nil, r.source.failed("cannot be used: the manifest of chart %s is larger than %d bytes", chart, r.limits.Index)
	}
	text, err := content.ReadAll(stream, descriptor)
	if err != nil {
		return nil, r.source.unreachable(err, r.limits.Exchange)
	}
	var manifest ocispec.Manifest
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&manifest); err != nil {
		return nil, r.source.failed("cannot be used: the manifest of chart %s cannot be read", chart)
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType != chartMediaType {
			continue
		}
		if layer.Size > r.limits.Archive {
			return nil, r.source.failed("cannot be used: chart %s is larger than %d bytes", chart, r.limits.Archive)
		}
		data, err := content.FetchAll(ctx, repository.Blobs(), layer)
		if err != nil {
			return nil, r.source.unreachable(err, r.limits.Exchange)
		}
		return data, nil
	}
	return nil, r.source.failed("cannot be used: what it has as chart %s is no Helm chart", chart)
}
