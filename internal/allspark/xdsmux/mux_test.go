package xdsmux_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/meshmanager/smm/internal/allspark/xdsmux"
	"github.com/meshmanager/smm/internal/allspark/xdsmux/xdstest"
)

const (
	clusters  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	endpoints = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	patience  = 10 * time.Second
)

func start(t *testing.T, agent *xdstest.Agent) *xdsmux.Mux {
	t.Helper()
	mux, err := xdsmux.Start(agent.Target(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mux.Close)
	return mux
}

// client is one xDS stream to the mux, as each gRPC target opens one.
type client struct {
	t      *testing.T
	stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesClient
	last   *discoveryv3.DiscoveryResponse
}

func connect(t *testing.T, mux *xdsmux.Mux) *client {
	t.Helper()
	connection, err := grpc.NewClient(mux.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(connection).StreamAggregatedResources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, stream: stream}
}

func (c *client) send(request *discoveryv3.DiscoveryRequest) {
	c.t.Helper()
	request.Node = &corev3.Node{Id: "sidecar~10.201.0.7~movies-v1.smm-demo~smm-demo.svc.cluster.local"}
	if c.last != nil && c.last.GetTypeUrl() == request.GetTypeUrl() {
		request.VersionInfo, request.ResponseNonce = c.last.GetVersionInfo(), c.last.GetNonce()
	}
	if err := c.stream.Send(request); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) subscribe(typeURL string, names ...string) {
	c.t.Helper()
	c.send(&discoveryv3.DiscoveryRequest{TypeUrl: typeURL, ResourceNames: names})
}

// receive returns the names of the clusters of the next response and acknowledges it.
func (c *client) receive(names ...string) []string {
	c.t.Helper()
	var err error
	if c.last, err = c.stream.Recv(); err != nil {
		c.t.Fatal(err)
	}
	var received []string
	for _, resource := range c.last.GetResources() {
		message, err := resource.UnmarshalNew()
		if err != nil {
			c.t.Fatal(err)
		}
		switch message := message.(type) {
		case *clusterv3.Cluster:
			received = append(received, message.GetName())
		case *endpointv3.ClusterLoadAssignment:
			received = append(received, fmt.Sprintf("%s %d", message.GetClusterName(), len(message.GetEndpoints())))
		}
	}
	c.subscribe(c.last.GetTypeUrl(), names...)
	return received
}

func want(t *testing.T, got []string, names ...string) {
	t.Helper()
	if diff := cmp.Diff(names, got); diff != "" {
		t.Fatalf("received resources: %s", diff)
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

func cluster(name string) *clusterv3.Cluster { return &clusterv3.Cluster{Name: name} }

// The reason for the package: the agent serves one stream only, and the program has many.
func TestManyStreamsShareOne(t *testing.T) {
	agent := xdstest.Start(t, nil)
	agent.Set(t, clusters, "a", cluster("a"))
	agent.Set(t, clusters, "b", cluster("b"))
	mux := start(t, agent)

	first := connect(t, mux)
	first.subscribe(clusters, "a")
	want(t, first.receive("a"), "a")

	second := connect(t, mux)
	second.subscribe(clusters, "b")
	want(t, second.receive("b"), "b")

	third := connect(t, mux)
	third.subscribe(clusters, "a", "b")
	want(t, third.receive("a", "b"), "a", "b")

	agent.Set(t, clusters, "a", &clusterv3.Cluster{Name: "a", AltStatName: "changed"})
	want(t, first.receive("a"), "a")
	want(t, third.receive("a", "b"), "a", "b")
	if opened := agent.Opened(); opened != 1 {
		t.Errorf("%d streams were opened to the agent, want 1", opened)
	}
	node := agent.Requests()[0].GetNode().GetId()
	if !strings.HasPrefix(node, "sidecar~") {
		t.Errorf("the first request says it is from %q", node)
	}
}

// A resource that is no longer there must disappear, or calls would go on to what does not exist.
func TestRemovalsArePassedOn(t *testing.T) {
	agent := xdstest.Start(t, nil)
	agent.Set(t, clusters, "a", cluster("a"))
	agent.Set(t, clusters, "b", cluster("b"))
	c := connect(t, start(t, agent))
	c.subscribe(clusters, "a", "b")
	want(t, c.receive("a", "b"), "a", "b")
	agent.Set(t, clusters, "b", nil)
	want(t, c.receive("a", "b"), "a")
}

// Responses with endpoints may hold only those that changed.
func TestEndpointsAreKeptBetweenPartialResponses(t *testing.T) {
	agent := xdstest.Start(t, nil)
	agent.Set(t, endpoints, "a", &endpointv3.ClusterLoadAssignment{ClusterName: "a"})
	agent.Set(t, endpoints, "b", &endpointv3.ClusterLoadAssignment{ClusterName: "b"})
	mux := start(t, agent)
	first := connect(t, mux)
	first.subscribe(endpoints, "a", "b")
	want(t, first.receive("a", "b"), "a 0", "b 0")
	agent.Set(t, endpoints, "b", nil)
	agent.Set(t, endpoints, "a", &endpointv3.ClusterLoadAssignment{ClusterName: "a", Endpoints: []*endpointv3.LocalityLbEndpoints{{}}})
	want(t, first.receive("a", "b"), "a 1", "b 0")

	second := connect(t, mux)
	second.subscribe(endpoints, "b")
	want(t, second.receive("b"), "b 0")
}

func TestABrokenStreamIsOpenedAgain(t *testing.T) {
	agent := xdstest.Start(t, nil)
	agent.Set(t, clusters, "a", cluster("a"))
	c := connect(t, start(t, agent))
	c.subscribe(clusters, "a")
	want(t, c.receive("a"), "a")

	agent.Break()
	eventually(t, "a second stream", func() bool { return agent.Opened() == 2 })
	agent.Set(t, clusters, "a", &clusterv3.Cluster{Name: "a", AltStatName: "changed"})
	want(t, c.receive("a"), "a")
	nodes := 0
	for _, request := range agent.Requests() {
		if request.GetNode() != nil {
			nodes++
		}
	}
	if nodes != 2 {
		t.Errorf("the node was told %d times, want once for each stream", nodes)
	}
}

func TestNobodyWantsNothingOfAll(t *testing.T) {
	agent := xdstest.Start(t, nil)
	agent.Set(t, clusters, "a", cluster("a"))
	agent.Set(t, clusters, "b", cluster("b"))
	c := connect(t, start(t, agent))
	c.subscribe(clusters, "a")
	want(t, c.receive("a"), "a")
	c.subscribe(clusters)
	c.subscribe(clusters, "b")
	want(t, c.receive("b"), "b")
	for _, request := range agent.Requests() {
		if len(request.GetResourceNames()) == 0 {
			t.Error("an empty subscription was sent, which asks for all resources there are")
		}
	}
}

func TestRefusalsReachTheControlPlane(t *testing.T) {
	agent := xdstest.Start(t, nil)
	agent.Set(t, clusters, "a", cluster("a"))
	c := connect(t, start(t, agent))
	c.subscribe(clusters, "a")
	want(t, c.receive("a"), "a")
	c.send(&discoveryv3.DiscoveryRequest{TypeUrl: clusters, ResourceNames: []string{"a"}, ErrorDetail: &status.Status{Message: "no such policy"}})
	eventually(t, "the refusal", func() bool {
		return slices.ContainsFunc(agent.Requests(), func(r *discoveryv3.DiscoveryRequest) bool {
			return r.GetErrorDetail().GetMessage() == "no such policy"
		})
	})
}
