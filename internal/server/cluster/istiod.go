package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/meshmanager/smm/internal/istio/proxystatus"
	"github.com/meshmanager/smm/internal/kube/podforward"
)

// maxStatus bounds what an istiod tells of its proxies, in bytes: some 2 KB for each.
const maxStatus = 64 << 20

// ProxyStatus asks one istiod for the state of its proxies, with the product's own rights.
func (c *Cluster) ProxyStatus(ctx context.Context, namespace, pod string) ([]byte, error) {
	tunnel, err := podforward.New(c.config, namespace, pod)
	if err != nil {
		return nil, err
	}
	defer tunnel.Close()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return tunnel.Dial(ctx, proxystatus.Port) },
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://istiod"+proxystatus.Path, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask istiod %s/%s: %w", namespace, pod, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask istiod %s/%s: it answers %s", namespace, pod, response.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxStatus+1))
	if err != nil {
		return nil, fmt.Errorf("ask istiod %s/%s: %w", namespace, pod, err)
	}
	if len(answer) > maxStatus {
		return nil, errors.New("istiod tells more of its proxies than can be read")
	}
	return answer, nil
}
