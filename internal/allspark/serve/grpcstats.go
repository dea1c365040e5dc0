package serve

import (
	"context"
	"strconv"
	"time"

	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/metrics"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// rpcRecorder records every call that reaches the gRPC server, also those that a policy of the mesh refuses before
// the service sees them.
type rpcRecorder struct {
	self     mesh.Self
	recorder *metrics.Recorder
}

type rpcKey struct{}

// rpc is one call; gRPC reports its events one after the other.
type rpc struct {
	introduction                   string
	received, sent                 int64 // bytes
	receivedMessages, sentMessages int64
}

// TagRPC begins a call.
func (r *rpcRecorder) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, rpcKey{}, &rpc{})
}

// HandleRPC notes an event of a call.
func (r *rpcRecorder) HandleRPC(ctx context.Context, event stats.RPCStats) {
	c, ok := ctx.Value(rpcKey{}).(*rpc)
	if !ok || r.recorder == nil {
		return
	}
	switch event := event.(type) {
	case *stats.InHeader:
		c.introduction = value(event.Header, mesh.PeerHeader)
		c.received += int64(event.WireLength)
	case *stats.InPayload:
		c.received += int64(event.WireLength)
		c.receivedMessages++
	case *stats.OutPayload:
		c.sent += int64(event.WireLength)
		c.sentMessages++
	case *stats.End:
		r.record(ctx, c, event)
	}
}

func (r *rpcRecorder) record(ctx context.Context, c *rpc, end *stats.End) {
	grpcPeer, _ := grpcpeer.FromContext(ctx)
	r.recorder.Request(metrics.Request{
		Exchange:         exchange(r.self, request.GRPC, mesh.PeerOfGRPC(grpcPeer), c.introduction),
		Code:             "200",
		GRPCStatus:       strconv.Itoa(int(status.Code(end.Error))),
		Duration:         end.EndTime.Sub(end.BeginTime).Round(time.Microsecond),
		RequestBytes:     c.received,
		ResponseBytes:    c.sent,
		RequestMessages:  c.receivedMessages,
		ResponseMessages: c.sentMessages,
	})
}

// TagConn and HandleConn are of no interest.
func (r *rpcRecorder) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn is of no interest.
func (r *rpcRecorder) HandleConn(context.Context, stats.ConnStats) {}
