// Package xds gets the gateway's configuration from istiod, over one aggregated stream, state of the world.
package xds

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/meshmanager/smm/sandbox/internal/gateway/stats"
)

const (
	retryAfter = time.Second // before a broken stream is opened again
	maxMessage = 256 << 20   // bytes
)

// Client keeps the configuration up to date.
type Client struct {
	Target string // of the discovery server, for gRPC
	Node   *corev3.Node
	Apply  Applier
	Stats  *stats.Registry
	Log    *slog.Logger

	subscriptions map[string]*subscription
}

// subscription is what is wanted and known of one type of resource.
type subscription struct {
	names          []string
	version, nonce string
}

// Run gets the configuration until the context ends.
func (c *Client) Run(ctx context.Context) error {
	connection, err := grpc.NewClient(c.Target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return fmt.Errorf("discovery server %s: %w", c.Target, err)
	}
	defer connection.Close()
	c.subscriptions = map[string]*subscription{}
	for _, typeURL := range types() {
		c.subscriptions[typeURL] = &subscription{}
		for _, outcome := range []string{succeeded, rejected} {
			c.count(typeURL, outcome, 0)
		}
	}
	for ctx.Err() == nil {
		err := c.follow(ctx, discoveryv3.NewAggregatedDiscoveryServiceClient(connection))
		if ctx.Err() != nil {
			break
		}
		c.Log.Warn("the stream from istiod has ended, opening another one", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
	return nil
}

type stream = discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesClient

// follow opens a stream and takes over what comes until it breaks.
func (c *Client) follow(ctx context.Context, server discoveryv3.AggregatedDiscoveryServiceClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := server.StreamAggregatedResources(ctx, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	node := c.Node // with the first request only
	for _, typeURL := range types() {
		subscribed := c.subscriptions[typeURL]
		subscribed.nonce = ""
		if isNamed(typeURL) && len(subscribed.names) == 0 {
			continue // that would ask for all there are
		}
		if err := c.request(s, typeURL, node, nil); err != nil {
			return err
		}
		node = nil
	}
	for {
		response, err := s.Recv()
		if err != nil {
			return err
		}
		if err := c.accept(s, response); err != nil {
			return err
		}
	}
}

// accept applies a response, tells istiod how that went, and subscribes to what the response refers to.
func (c *Client) accept(s stream, response *discoveryv3.DiscoveryResponse) error {
	typeURL := response.GetTypeUrl()
	subscribed := c.subscriptions[typeURL]
	if subscribed == nil {
		return nil
	}
	subscribed.nonce = response.GetNonce()
	references, err := applier{c.Apply}.apply(response)
	refusal := c.judge(response, err)
	if err := c.request(s, typeURL, nil, refusal); err != nil {
		return err
	}
	referenced := referencedBy(typeURL)
	if referenced == "" || references == nil || slices.Equal(references, c.subscriptions[referenced].names) {
		return nil
	}
	c.subscriptions[referenced].names = references
	return c.request(s, referenced, nil, nil)
}

// judge notes whether a response is in effect, and returns what istiod is told otherwise.
func (c *Client) judge(response *discoveryv3.DiscoveryResponse, err error) *statuspb.Status {
	typeURL := response.GetTypeUrl()
	if err != nil {
		c.count(typeURL, rejected, 1)
		c.Log.Warn("configuration refused", "type", short(typeURL), "error", err)
		return &statuspb.Status{Code: int32(codes.InvalidArgument), Message: err.Error()}
	}
	c.subscriptions[typeURL].version = response.GetVersionInfo()
	c.count(typeURL, succeeded, 1)
	c.Log.Debug("configuration applied", "type", short(typeURL), "resources", len(response.GetResources()), "version", response.GetVersionInfo())
	return nil
}

func (c *Client) request(s stream, typeURL string, node *corev3.Node, refusal *statuspb.Status) error {
	subscribed := c.subscriptions[typeURL]
	return s.Send(&discoveryv3.DiscoveryRequest{
		TypeUrl: typeURL, Node: node, ResourceNames: subscribed.names,
		VersionInfo: subscribed.version, ResponseNonce: subscribed.nonce, ErrorDetail: refusal,
	})
}
