package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/server/testload"
)

const (
	maxRequests  = 100_000
	maxPerSecond = 100
)

// proxyVerb is what Kubernetes calls a request that it passes on.
func proxyVerb(method model.HTTPMethod) string {
	switch method {
	case model.HTTPMethodPost:
		return "create"
	case model.HTTPMethodPut:
		return "update"
	case model.HTTPMethodDelete:
		return "delete"
	}
	return "get"
}

// SendRequests sends requests to a service as far as the user may.
func (s subscription) SendRequests(ctx context.Context, id string, port int, method *model.HTTPMethod, path *string, requests *int, perSecond *float64) (<-chan *model.LoadProgress, error) {
	parsed, c, who, err := s.target(ctx, id)
	if err != nil {
		return nil, err
	}
	order, err := orderOf(method, path, requests, perSecond)
	if err != nil {
		return nil, err
	}
	if parsed.Kind != "service" || port < 1 || port > 65535 {
		return nil, errors.New("requests go to a port of a service, from 1 to 65535")
	}
	verb := proxyVerb(model.HTTPMethod(order.Method))
	allowed, err := c.Allowed(ctx, who, access.Action{Verb: verb, Resource: "services", Subresource: "proxy", Namespace: parsed.Namespace})
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, fmt.Errorf("forbidden: Kubernetes does not allow you to %s services/proxy in namespace %s", verb, parsed.Namespace)
	}
	client, server, err := c.HTTP(who)
	if err != nil {
		return nil, err
	}
	order.URL = proxyURL(server, parsed, port, order.URL)
	out := make(chan *model.LoadProgress)
	go func() {
		defer close(out)
		testload.Send(ctx, client, order, func(progress testload.Progress) {
			select {
			case out <- describeLoad(progress):
			case <-ctx.Done():
			}
		})
	}()
	return out, nil
}

// orderOf checks what is asked for; the URL is the path only.
func orderOf(method *model.HTTPMethod, path *string, requests *int, perSecond *float64) (testload.Order, error) {
	order := testload.Order{Method: string(model.HTTPMethodGet), URL: "/", Requests: 100, PerSecond: 10}
	if method != nil {
		order.Method = string(*method)
	}
	if path != nil {
		order.URL = *path
	}
	if requests != nil {
		order.Requests = *requests
	}
	if perSecond != nil {
		order.PerSecond = *perSecond
	}
	switch parsed, err := url.Parse(order.URL); {
	case err != nil || parsed.IsAbs() || parsed.Host != "" || slices.Contains(strings.Split(parsed.Path, "/"), ".."):
		return order, fmt.Errorf("path is %q: give one such as /status?full=1", order.URL)
	case order.Requests < 1 || order.Requests > maxRequests:
		return order, fmt.Errorf("requests is %d: give a number from 1 to %d", order.Requests, maxRequests)
	case !(order.PerSecond > 0 && order.PerSecond <= maxPerSecond):
		return order, fmt.Errorf("perSecond is %g: give a rate above 0, up to %d", order.PerSecond, maxPerSecond)
	}
	return order, nil
}

// proxyURL is where the API server passes requests on to the service.
func proxyURL(server *url.URL, service inventory.ID, port int, path string) string {
	prefix := fmt.Sprintf("/api/v1/namespaces/%s/services/%s:%d/proxy/", url.PathEscape(service.Namespace), url.PathEscape(service.Name), port)
	return strings.TrimSuffix(server.String(), "/") + prefix + strings.TrimPrefix(path, "/")
}

func describeLoad(progress testload.Progress) *model.LoadProgress {
	described := &model.LoadProgress{
		Sent: progress.Sent, Failed: progress.Failed, Finished: progress.Finished, Problem: optional(progress.Problem), Answers: []model.AnswerCount{},
	}
	for _, status := range slices.Sorted(maps.Keys(progress.Codes)) {
		described.Answers = append(described.Answers, model.AnswerCount{Status: status, Count: progress.Codes[status]})
	}
	if progress.Mean > 0 {
		seconds := progress.Mean.Seconds()
		described.MeanSeconds = &seconds
	}
	return described
}
