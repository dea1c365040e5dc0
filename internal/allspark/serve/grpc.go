package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	xdscredentials "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/xds"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/meshmanager/smm/internal/allspark/call"
	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/metrics"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// GRPC is the gRPC server: an ordinary one, or in a proxyless workload one that istiod configures over xDS.
type GRPC struct {
	server interface {
		grpc.ServiceRegistrar
		Serve(net.Listener) error
		GracefulStop()
		Stop()
	}
}

const grpcPart = "gRPC server"

// NewGRPC returns a server of the service. A proxyless one is ready only while istiod lets it serve.
func NewGRPC(service *Service, readiness *Readiness, recorder *metrics.Recorder, log *slog.Logger) (*GRPC, error) {
	stats := grpc.StatsHandler(&rpcRecorder{self: service.Self, recorder: recorder})
	g := &GRPC{}
	if service.Self.Proxyless {
		credentials, err := xdscredentials.NewServerCredentials(xdscredentials.ServerOptions{FallbackCreds: insecure.NewCredentials()})
		if err != nil {
			return nil, fmt.Errorf("gRPC server credentials: %w", err)
		}
		readiness.NotReady(grpcPart, "waiting for the control plane's configuration")
		// This is gRPC's only way to give it a bootstrap that the environment does not name.
		bootstrap := xds.BootstrapContentsForTesting(service.Self.XDS)
		g.server, err = xds.NewGRPCServer(grpc.Creds(credentials), bootstrap, stats, xds.ServingModeCallback(followMode(readiness, log)))
		if err != nil {
			return nil, fmt.Errorf("gRPC server: %w", err)
		}
	} else {
		g.server = grpc.NewServer(stats)
	}
	g.server.RegisterService(describe(), service)
	return g, nil
}

// followMode makes the readiness follow what the control plane says of the server.
func followMode(readiness *Readiness, log *slog.Logger) func(net.Addr, xds.ServingModeChangeArgs) {
	return func(address net.Addr, change xds.ServingModeChangeArgs) {
		if change.Mode == connectivity.ServingModeServing {
			readiness.Ready(grpcPart)
			log.Info("gRPC server is serving", "address", address.String())
			return
		}
		reason := "not serving"
		if change.Err != nil {
			reason = change.Err.Error()
		}
		readiness.NotReady(grpcPart, reason)
		log.Warn("gRPC server is not serving", "address", address.String(), "reason", reason)
	}
}

// Run serves until the context ends and all calls are answered, for at most grace.
func (g *GRPC) Run(ctx context.Context, listener net.Listener, grace time.Duration) error {
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		force := time.AfterFunc(grace, g.server.Stop)
		defer force.Stop()
		g.server.GracefulStop()
	})
	err := g.server.Serve(listener)
	if !stop() {
		<-stopped
		return nil
	}
	return fmt.Errorf("gRPC server on %s: %w", listener.Addr(), err)
}

// incomingServer is what the service description needs a type for.
type incomingServer interface {
	JSON(context.Context, Incoming) []byte
}

// describe says how gRPC is to call the service.
func describe() *grpc.ServiceDesc {
	handler := func(server any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		in := new(wrapperspb.StringValue)
		if err := decode(in); err != nil {
			return nil, err
		}
		handle := func(ctx context.Context, _ any) (any, error) { return answerGRPC(ctx, server.(*Service)) }
		if intercept == nil {
			return handle(ctx, in)
		}
		return intercept(ctx, in, &grpc.UnaryServerInfo{Server: server, FullMethod: call.Method}, handle)
	}
	path := strings.Split(call.Method, "/")
	return &grpc.ServiceDesc{
		ServiceName: path[1],
		HandlerType: (*incomingServer)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: path[2], Handler: handler}},
	}
}

func answerGRPC(ctx context.Context, service *Service) (*wrapperspb.StringValue, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	peer, _ := grpcpeer.FromContext(ctx)
	if service.Self.Proxyless {
		if err := grpc.SetHeader(ctx, metadata.Pairs(mesh.PeerHeader, service.Self.Header())); err != nil {
			return nil, err
		}
	}
	body := service.JSON(ctx, Incoming{
		Protocol:     request.GRPC,
		Peer:         mesh.PeerOfGRPC(peer),
		Introduction: value(md, mesh.PeerHeader),
		Header:       func(name string) string { return value(md, name) },
	})
	return wrapperspb.String(string(body)), nil
}

func value(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}
