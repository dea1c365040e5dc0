package call

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/metrics"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// Method is the full name of the gRPC method that the demo services serve. It takes a google.protobuf.StringValue,
// which it ignores, and returns one with the answer as JSON.
const Method = "/allspark/Incoming"

// faultMessage is how gRPC words the abort of a fault that a VirtualService asks for.
const faultMessage = "fault injection"

func (c *Caller) callGRPC(ctx context.Context, r request.Request, options Options) Result {
	connection, release, err := c.grpc.get(r, options.Plaintext)
	if err != nil {
		return failed(err)
	}
	defer release()

	wire := &wireStats{}
	ctx = context.WithValue(ctx, wireKey{}, wire)
	ctx = metadata.NewOutgoingContext(ctx, c.introduction(options))
	method := r.Path
	if method == "" {
		method = Method
	}
	var grpcPeer grpcpeer.Peer
	var header metadata.MD
	var out wrapperspb.StringValue
	start := time.Now()
	err = connection.Invoke(ctx, method, wrapperspb.String(""), &out, grpc.Peer(&grpcPeer), grpc.Header(&header))

	peer := mesh.PeerOfGRPC(&grpcPeer)
	e := c.exchange(request.GRPC, c.self.ResolveHost(r.Host), peer, firstValue(header, mesh.PeerHeader))
	c.recorder.Request(wire.record(e, time.Since(start), err))
	return Result{Answer: []byte(out.GetValue()), Peer: peer, Code: status.Code(err).String(), Err: err}
}

// introduction is the metadata of a call: the given headers and, inside the mesh, who this workload is.
func (c *Caller) introduction(options Options) metadata.MD {
	md := metadata.New(options.Headers)
	if c.self.Proxyless && !options.Plaintext {
		md.Set(mesh.PeerHeader, c.self.Header())
	}
	return md
}

func firstValue(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// wireStats collects what gRPC tells of one call on the wire.
type wireStats struct {
	sent, received                 atomic.Int64 // bytes
	sentMessages, receivedMessages atomic.Int64
	responded                      atomic.Bool // the other end has sent something
}

type wireKey struct{}

// record describes the finished call.
func (w *wireStats) record(e metrics.Exchange, duration time.Duration, err error) metrics.Request {
	code := "200" // a gRPC answer, good or bad
	if !w.responded.Load() {
		code = metrics.CodeNoResponse
		e.Flags = flagOf(status.Code(err))
		if strings.Contains(status.Convert(err).Message(), faultMessage) {
			e.Flags = metrics.FlagFaultInjected
		}
	}
	return metrics.Request{
		Exchange: e, Code: code, GRPCStatus: strconv.Itoa(int(status.Code(err))), Duration: duration,
		RequestBytes: w.sent.Load(), ResponseBytes: w.received.Load(),
		RequestMessages: w.sentMessages.Load(), ResponseMessages: w.receivedMessages.Load(),
	}
}

// wireHandler fills the wireStats of the calls that carry one.
type wireHandler struct{}

func (wireHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	wire, ok := ctx.Value(wireKey{}).(*wireStats)
	if !ok {
		return
	}
	switch s := s.(type) {
	case *stats.OutPayload:
		wire.sent.Add(int64(s.WireLength))
		wire.sentMessages.Add(1)
	case *stats.InPayload:
		wire.received.Add(int64(s.WireLength))
		wire.receivedMessages.Add(1)
	case *stats.InHeader:
		wire.responded.Store(true)
		wire.received.Add(int64(s.WireLength))
	case *stats.InTrailer:
		wire.responded.Store(true)
		wire.received.Add(int64(s.WireLength))
	}
}

func (wireHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (wireHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (wireHandler) HandleConn(context.Context, stats.ConnStats)                       {}
