// Package call makes the calls of a demo service: over HTTP, gRPC and TCP, as a plain program behind a sidecar or as
// a workload of the mesh in its own right.
package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/metrics"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// maxAnswer bounds an accepted answer, in bytes.
const maxAnswer = 1 << 20

// Options change one call.
type Options struct {
	// Headers are sent along.
	Headers map[string]string
	// Plaintext calls past the mesh: without xDS, certificate and introduction.
	Plaintext bool
}

// Result is what came of one call.
type Result struct {
	Answer   json.RawMessage // nil unless the callee answered with JSON
	Peer     mesh.Peer       // who answered
	Code     string          // OK, the name of a gRPC status code, or "HTTP <status>"
	Err      error           // nil exactly when the call succeeded
	Duration time.Duration
}

// CodeOK is the code of a call that succeeded.
const CodeOK = "OK"

// Caller makes calls. It is safe for concurrent use.
type Caller struct {
	self     mesh.Self
	recorder *metrics.Recorder
	timeout  time.Duration
	http     *http.Client
	grpc     *connections
}

// NewCaller returns a Caller that gives each call the given time. The recorder may be nil.
func NewCaller(self mesh.Self, recorder *metrics.Recorder, timeout time.Duration) *Caller {
	return &Caller{self: self, recorder: recorder, timeout: timeout, http: newHTTPClient(), grpc: newConnections(self)}
}

// Close ends all connections.
func (c *Caller) Close() {
	c.http.CloseIdleConnections()
	c.grpc.close()
}

// Call makes one call to the target of a request, whatever its count says.
func (c *Caller) Call(ctx context.Context, r request.Request, options Options) Result {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	start := time.Now()
	var result Result
	switch r.Protocol {
	case request.GRPC:
		result = c.callGRPC(ctx, r, options)
	case request.TCP:
		result = c.callTCP(ctx, r, options)
	default:
		result = c.callHTTP(ctx, r, options)
	}
	result.Duration = time.Since(start)
	if !json.Valid(result.Answer) {
		result.Answer = nil
	}
	return result
}

// exchange describes a call of this workload for the metrics.
func (c *Caller) exchange(protocol string, host mesh.Host, peer mesh.Peer, introduction string) metrics.Exchange {
	e := metrics.Exchange{
		Reporter:  metrics.Source,
		From:      metrics.End{Workload: c.self.Workload},
		To:        metrics.End{Workload: peer.Believe(introduction), Principal: peer.Principal},
		Service:   host,
		Protocol:  protocol,
		MutualTLS: peer.MutualTLS(),
	}
	if peer.MutualTLS() {
		e.From.Principal = c.self.Principal()
	}
	if known, ok := mesh.HostOf(e.To.Workload, c.self.Domain); ok {
		e.Service = known
	}
	return e
}

// failed turns an error of a connection into a result.
func failed(err error) Result {
	return Result{Code: codeOf(err).String(), Err: err}
}

// codeOf is the gRPC code that says the same as an error of the network.
func codeOf(err error) codes.Code {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return codes.DeadlineExceeded
	default:
		return codes.Unavailable
	}
}

// flagOf is the response flag of a call that got no answer.
func flagOf(code codes.Code) string {
	switch code {
	case codes.DeadlineExceeded:
		return metrics.FlagTimeout
	case codes.Canceled:
		return metrics.FlagClientGone
	default:
		return metrics.FlagConnectionFailure
	}
}

// httpCode is the code of an HTTP answer.
func httpCode(status int) string {
	if status < http.StatusBadRequest {
		return CodeOK
	}
	return fmt.Sprintf("HTTP %d", status)
}
