// Package proxystatus reads what an istiod tells about the proxies that are connected to it: which configuration it sent
// them, and what they made of it.
package proxystatus

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Port and Path are where an istiod tells it, to itself only: ask through a tunnel into its pod.
const (
	Port = 8080
	Path = "/debug/syncz"
)

// State tells how far one kind of a proxy's configuration is.
type State string

// The states.
const (
	Synced   State = "SYNCED"   // the proxy has what was sent
	Stale    State = "STALE"    // the proxy has not answered for longer than it takes
	Rejected State = "REJECTED" // the proxy does not accept it and keeps what it had
	NotSent  State = "NOT_SENT" // nothing was to be sent
)

// patience is how long a proxy may take to answer before it counts as behind.
const patience = 15 * time.Second

// The kinds of configuration, by the services that send them.
const (
	clusters  = "CDS"
	listeners = "LDS"
	endpoints = "EDS"
	routes    = "RDS"
	extension = "ECDS"
)

// Proxy is one connected proxy.
type Proxy struct {
	Cluster, Namespace, Name string // of its pod, or of its workload entry
	Version                  string // of its Istio
	// States has the state of CDS, LDS, EDS, RDS and ECDS.
	States map[string]State
	// Errors has what the proxy said of the configuration that it rejects.
	Errors map[string]string
}

// In lists the kinds of configuration that are in a state.
func (p Proxy) In(state State) []string {
	var kinds []string
	for _, kind := range []string{clusters, listeners, endpoints, routes, extension} {
		if p.States[kind] == state {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// syncStatus is one element of istiod's answer (Istio, pilot/pkg/xds/debug.go).
type syncStatus struct {
	Cluster        string              `json:"cluster_id"`
	Proxy          string              `json:"proxy"`
	Version        string              `json:"istio_version"`
	ClusterSent    string              `json:"cluster_sent"`
	ClusterAcked   string              `json:"cluster_acked"`
	ListenerSent   string              `json:"listener_sent"`
	ListenerAcked  string              `json:"listener_acked"`
	EndpointSent   string              `json:"endpoint_sent"`
	EndpointAcked  string              `json:"endpoint_acked"`
	RouteSent      string              `json:"route_sent"`
	RouteAcked     string              `json:"route_acked"`
	ExtensionSent  string              `json:"extensionconfig_sent"`
	ExtensionAcked string              `json:"extensionconfig_acked"`
	Resources      map[string]resource `json:"resources"`
}

type resource struct {
	SentTime  time.Time `json:"sentTime"`
	LastError string    `json:"lastError"`
}

// Parse reads an istiod's answer. now is the time at which it was given.
func Parse(answer []byte, now time.Time) ([]Proxy, error) {
	var statuses []syncStatus
	if err := json.Unmarshal(answer, &statuses); err != nil {
		return nil, fmt.Errorf("istiod tells the state of its proxies in a form that is not known: %w", err)
	}
	proxies := make([]Proxy, 0, len(statuses))
	for i := range statuses {
		if proxy, ok := proxyOf(&statuses[i], now); ok {
			proxies = append(proxies, proxy)
		}
	}
	slices.SortFunc(proxies, func(a, b Proxy) int {
		return strings.Compare(a.Cluster+"/"+a.Namespace+"/"+a.Name, b.Cluster+"/"+b.Namespace+"/"+b.Name)
	})
	return proxies, nil
}

func proxyOf(status *syncStatus, now time.Time) (Proxy, bool) {
	dot := strings.LastIndex(status.Proxy, ".") // <pod>.<namespace>; names of pods may have dots
	if dot <= 0 {
		return Proxy{}, false
	}
	proxy := Proxy{
		Cluster: status.Cluster, Name: status.Proxy[:dot], Namespace: status.Proxy[dot+1:], Version: status.Version,
		States: map[string]State{}, Errors: map[string]string{},
	}
	for _, one := range []struct{ kind, typeURL, sent, acked string }{
		{clusters, "type.googleapis.com/envoy.config.cluster.v3.Cluster", status.ClusterSent, status.ClusterAcked},
		{listeners, "type.googleapis.com/envoy.config.listener.v3.Listener", status.ListenerSent, status.ListenerAcked},
		{endpoints, "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", status.EndpointSent, status.EndpointAcked},
		{routes, "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", status.RouteSent, status.RouteAcked},
		{extension, "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", status.ExtensionSent, status.ExtensionAcked},
	} {
		details := status.Resources[one.typeURL]
		proxy.States[one.kind] = stateOf(one.sent, one.acked, details, now)
		if details.LastError != "" {
			proxy.Errors[one.kind] = details.LastError
		}
	}
	return proxy, true
}

// stateOf judges as istioctl does, and lets an answer be under way.
func stateOf(sent, acked string, details resource, now time.Time) State {
	switch {
	case details.LastError != "":
		return Rejected
	case sent == "":
		return NotSent
	case sent == acked, now.Sub(details.SentTime) < patience:
		return Synced
	default:
		return Stale
	}
}
