// Package serve answers calls over HTTP, gRPC and TCP, and lets operators watch and steer the program.
package serve

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/meshmanager/smm/internal/allspark/answer"
	"github.com/meshmanager/smm/internal/allspark/call"
	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/request"
)

const (
	// hopsHeader counts the services that a call has passed, so that services which call each other in a circle
	// come to an end.
	hopsHeader = "x-allspark-hops"
	maxHops    = 16

	// maxAnswers and maxMessages bound what is kept of the calls to one target.
	maxAnswers  = 3
	maxMessages = 3
)

// propagated are the headers that a service passes on, so that traces hold together and requests can be routed by
// the user they are made for.
func propagated() []string {
	return []string{
		"x-request-id", "traceparent", "tracestate", "baggage", "b3",
		"x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags",
		"x-ot-span-context", "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampled",
		"end-user",
	}
}

// Incoming is one call to answer.
type Incoming struct {
	Protocol     string
	Peer         mesh.Peer
	Introduction string // the caller's PeerHeader
	Header       func(name string) string
}

// Service is the one service of the program, whatever protocol it is called over.
type Service struct {
	Self     mesh.Self
	Name     string
	Work     func() string // the workload, run once a call; nil for none
	Requests []request.Request
	Caller   *call.Caller
}

// Answer runs the workload, makes the configured calls one after the other and tells what came of them.
// Calls that fail are part of the answer: they do not make the service fail.
func (s *Service) Answer(ctx context.Context, in Incoming) answer.Answer {
	a := answer.Answer{
		Service:   s.Name,
		Version:   s.Self.Version,
		Workload:  s.Self.Workload.Name,
		Pod:       s.Self.Pod,
		Namespace: s.Self.Namespace,
		Cluster:   s.Self.Cluster,
		Protocol:  in.Protocol,
		Caller: answer.Caller{
			Identity:  in.Peer.Principal,
			Workload:  in.Peer.Believe(in.Introduction).Name,
			MutualTLS: in.Peer.MutualTLS(),
		},
	}
	if s.Work != nil {
		a.Message = s.Work()
	}
	headers, ok := passOn(in.Header)
	if !ok {
		a.Message = "this call has passed " + strconv.Itoa(maxHops) + " services; it goes no further"
		return a
	}
	for _, r := range s.Requests {
		a.Calls = append(a.Calls, s.callAll(ctx, r, headers))
	}
	return a
}

// JSON is Answer as text.
func (s *Service) JSON(ctx context.Context, in Incoming) []byte {
	text, err := json.Marshal(s.Answer(ctx, in))
	if err != nil {
		panic(err) // strings, numbers and JSON that was valid when it came in
	}
	return text
}

func (s *Service) callAll(ctx context.Context, r request.Request, headers map[string]string) answer.Call {
	outcome := answer.Call{Target: r.URL()}
	for range r.Count {
		if ctx.Err() != nil {
			break
		}
		note(&outcome, s.Caller.Call(ctx, r, call.Options{Headers: headers}))
	}
	return outcome
}

// note adds the result of one call to the outcome of all calls to a target.
func note(outcome *answer.Call, result call.Result) {
	outcome.Sent++
	if len(result.Answer) > 0 && len(outcome.Answers) < maxAnswers {
		outcome.Answers = append(outcome.Answers, result.Answer)
	}
	if result.Err == nil {
		outcome.Succeeded++
		return
	}
	if outcome.Errors == nil {
		outcome.Errors = map[string]int{}
	}
	outcome.Errors[result.Code]++
	if len(outcome.Messages) < maxMessages {
		outcome.Messages = append(outcome.Messages, result.Err.Error())
	}
}

// passOn returns the headers of the calls that are made in turn; ok is false when no more may be made.
func passOn(header func(string) string) (headers map[string]string, ok bool) {
	hops, err := strconv.Atoi(header(hopsHeader))
	if err != nil {
		hops = 0
	}
	if hops >= maxHops {
		return nil, false
	}
	headers = map[string]string{hopsHeader: strconv.Itoa(hops + 1)}
	for _, name := range propagated() {
		if value := header(name); value != "" {
			headers[name] = value
		}
	}
	return headers, true
}
