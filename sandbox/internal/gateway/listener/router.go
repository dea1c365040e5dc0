package listener

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/meshmanager/smm/sandbox/internal/gateway/route"
	"github.com/meshmanager/smm/sandbox/internal/gateway/upstream"
)

// router passes HTTP requests on.
type router struct {
	Surroundings

	routes func() *routev3.RouteConfiguration
}

// ServeHTTP does what the request's route says.
func (r *router) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	found := route.Find(r.routes(), request)
	switch action := found.GetAction().(type) {
	case *routev3.Route_Route:
		r.pass(w, request, found.GetMatch(), action.Route)
	case *routev3.Route_Redirect:
		http.Redirect(w, request, location(request, action.Redirect), redirectCode(action.Redirect))
	case *routev3.Route_DirectResponse:
		w.WriteHeader(int(action.DirectResponse.GetStatus()))
		_, _ = w.Write([]byte(action.DirectResponse.GetBody().GetInlineString())) // the client is gone if it fails
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// pass sends the request to a cluster and the response back.
func (r *router) pass(w http.ResponseWriter, request *http.Request, match *routev3.RouteMatch, action *routev3.RouteAction) {
	cluster := r.Clusters.Get(clusterFor(action, rand.Float64()))
	if cluster == nil {
		http.Error(w, upstream.ErrNoEndpoint.Error(), http.StatusServiceUnavailable)
		return
	}
	cluster.CountRequest()
	if timeout := action.GetTimeout().AsDuration(); timeout > 0 {
		ctx, cancel := context.WithTimeout(request.Context(), timeout)
		defer cancel()
		request = request.WithContext(ctx)
	}
	proxy := httputil.ReverseProxy{
		Transport:     r.Transports.For(cluster, request.ProtoMajor),
		FlushInterval: -1, // streams have to get through at once
		ErrorHandler:  r.failed,
		ErrorLog:      slog.NewLogLogger(r.Log.Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
			p.SetXForwarded()
			p.Out.Host = p.In.Host
			if host := action.GetHostRewriteLiteral(); host != "" {
				p.Out.Host = host
			}
			p.Out.URL.Scheme, p.Out.URL.Host = "http", "cluster" // the transport knows where the cluster is
			if prefix := action.GetPrefixRewrite(); prefix != "" {
				rewritePrefix(p.Out.URL, match, prefix)
			}
		},
	}
	proxy.ServeHTTP(w, request)
}

func (r *router) failed(w http.ResponseWriter, request *http.Request, err error) {
	r.Log.Debug("a request was not passed on", "host", request.Host, "path", request.URL.Path, "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		http.Error(w, "upstream request timeout", http.StatusGatewayTimeout)
		return
	}
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}

// clusterFor is the cluster of a request. Random is from 0 up to 1.
func clusterFor(action *routev3.RouteAction, random float64) string {
	if name := action.GetCluster(); name != "" {
		return name
	}
	var weighted []route.Weighted
	for _, c := range action.GetWeightedClusters().GetClusters() {
		weighted = append(weighted, route.Weighted{Cluster: c.GetName(), Weight: c.GetWeight().GetValue()})
	}
	return route.Draw(weighted, random)
}

// rewritePrefix replaces the part of the path that the route has matched.
func rewritePrefix(target *url.URL, match *routev3.RouteMatch, prefix string) {
	matched := len(match.GetPrefix()) + len(match.GetPath()) + len(match.GetPathSeparatedPrefix()) // one of them is set
	if matched <= len(target.Path) {
		target.Path, target.RawPath = prefix+target.Path[matched:], ""
	}
}

func location(request *http.Request, redirect *routev3.RedirectAction) string {
	target := url.URL{Scheme: "http", Host: request.Host, Path: request.URL.Path, RawQuery: request.URL.RawQuery}
	if redirect.GetHttpsRedirect() {
		target.Scheme = "https"
	}
	if scheme := redirect.GetSchemeRedirect(); scheme != "" {
		target.Scheme = scheme
	}
	if host := redirect.GetHostRedirect(); host != "" {
		target.Host = host
	}
	if path := redirect.GetPathRedirect(); path != "" {
		target.Path, target.RawQuery, _ = strings.Cut(path, "?")
	}
	return target.String()
}

func redirectCode(redirect *routev3.RedirectAction) int {
	switch redirect.GetResponseCode() {
	case routev3.RedirectAction_FOUND:
		return http.StatusFound
	case routev3.RedirectAction_SEE_OTHER:
		return http.StatusSeeOther
	case routev3.RedirectAction_TEMPORARY_REDIRECT:
		return http.StatusTemporaryRedirect
	case routev3.RedirectAction_PERMANENT_REDIRECT:
		return http.StatusPermanentRedirect
	}
	return http.StatusMovedPermanently
}
