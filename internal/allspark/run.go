// Package allspark is the demo application's one program: a service that answers over HTTP, gRPC and TCP, calls
// other services for each call, and can generate load. The environment alone makes it one service or another.
package allspark

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/allspark/answer"
	"github.com/meshmanager/smm/internal/allspark/call"
	"github.com/meshmanager/smm/internal/allspark/load"
	"github.com/meshmanager/smm/internal/allspark/metrics"
	"github.com/meshmanager/smm/internal/allspark/serve"
)

// grace is how long calls in progress may take when the program ends.
const grace = 5 * time.Second

// Run serves until the context ends.
func Run(ctx context.Context, config Config, log *slog.Logger) error {
	self, leave, err := join(ctx, config, log)
	if err != nil {
		return err
	}
	defer leave()
	p := &program{config: config, log: log, readiness: serve.NewReadiness()}
	if self.Proxyless {
		p.recorder = metrics.NewRecorder()
	}
	p.caller = call.NewCaller(self, p.recorder, config.Timeout)
	defer p.caller.Close()
	p.service = &serve.Service{Self: self, Name: config.Service, Work: config.Work, Requests: config.Requests, Caller: p.caller}

	log.Info("starting", "service", config.Service, "version", self.Version, "proxyless", self.Proxyless,
		"identity", self.Principal(), "requests", fmt.Sprint(config.Requests))
	return p.run(ctx)
}

// program is the running program.
type program struct {
	config    Config
	log       *slog.Logger
	readiness *serve.Readiness
	recorder  *metrics.Recorder
	caller    *call.Caller
	service   *serve.Service
}

// run starts all servers; the first that fails ends the others.
func (p *program) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	servers, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() {
		p.readiness.NotReady("program", "stopping")
		p.log.Info("stopping")
		time.AfterFunc(p.config.DrainDelay, stop)
	})

	generator, err := p.generator()
	if err != nil {
		return err
	}
	if generator != nil {
		group.Go(func() error {
			generator.Run(ctx)
			state := generator.State()
			p.log.Info("load ended", "sent", state.Sent, "failed", state.Failed, "failedBehind", state.FailedBehind, "skipped", state.Skipped)
			return nil
		})
		if p.config.LoadDir != "" {
			group.Go(func() error { generator.Watch(ctx, p.config.LoadDir, generator.Settings(), p.log); return nil })
		}
	}
	all, err := p.servers(generator)
	if err != nil {
		return err
	}
	for _, server := range all {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", server.address)
		if err != nil {
			stop()
			return fmt.Errorf("%s server: %w", server.name, err)
		}
		p.log.Info("listening", "protocol", server.name, "address", listener.Addr().String())
		group.Go(func() error { return server.serve(servers, listener) })
	}
	return group.Wait()
}

// server is one of the program's servers.
type server struct {
	name, address string
	serve         func(context.Context, net.Listener) error
}

// servers makes the wanted servers. From here on, the readiness knows what it has to wait for.
func (p *program) servers(generator *load.Generator) ([]server, error) {
	control := serve.Control{
		Readiness: p.readiness, Recorder: p.recorder, Prober: serve.NewProber(p.caller), Generator: generator,
	}.Handler()
	web := serve.HTTP(p.service, p.config.HTTPEndpoint, p.readiness, p.recorder)
	tcp := serve.NewTCP(p.service, p.recorder, p.log)
	all := []server{
		{"control", p.config.Control, func(ctx context.Context, l net.Listener) error { return serve.RunHTTP(ctx, l, control, grace) }},
		{"http", p.config.HTTP, func(ctx context.Context, l net.Listener) error { return serve.RunHTTP(ctx, l, web, grace) }},
		{"tcp", p.config.TCP, func(ctx context.Context, l net.Listener) error { return tcp.Run(ctx, l, grace) }},
	}
	if p.config.GRPC != Off {
		rpc, err := serve.NewGRPC(p.service, p.readiness, p.recorder, p.log)
		if err != nil {
			return nil, err
		}
		all = append(all, server{"grpc", p.config.GRPC, func(ctx context.Context, l net.Listener) error { return rpc.Run(ctx, l, grace) }})
	}
	return slices.DeleteFunc(all, func(s server) bool { return s.address == Off }), nil
}

// generator returns the load generator, or nil when the program is none.
func (p *program) generator() (*load.Generator, error) {
	if len(p.config.LoadTargets) == 0 {
		return nil, nil
	}
	settings := p.config.Load
	if p.config.LoadDir != "" {
		var err error
		if settings, err = settings.ReadDir(p.config.LoadDir); err != nil {
			return nil, err
		}
	}
	return load.NewGenerator(settings, p.request), nil
}

// request makes the load generator's calls once.
func (p *program) request(ctx context.Context) (behind int, err error) {
	for _, target := range p.config.LoadTargets {
		for range target.Count {
			result := p.caller.Call(ctx, target, call.Options{})
			if result.Err != nil {
				p.log.Warn("request failed", "target", target.URL(), "error", result.Err)
				return behind, result.Err
			}
			failed, messages := answer.Failures(result.Answer)
			if behind += failed; failed > 0 {
				p.log.Warn("calls behind a request failed", "target", target.URL(), "failed", failed, "errors", messages)
			}
		}
	}
	return behind, nil
}
