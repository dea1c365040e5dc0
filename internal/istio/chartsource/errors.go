package chartsource

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// ErrNoVersion tells that a source does not have a version of Istio.
var ErrNoVersion = errors.New("no such version")

// Error is what went wrong with a source, in one line for users.
type Error struct {
	// Source is the source's name.
	Source string
	// URL is where the source is.
	URL string
	// Problem is what is wrong with it.
	Problem string

	status int // of the server's answer; 0 for another problem
}

// Error names the source and its problem.
func (e *Error) Error() string {
	return fmt.Sprintf("chart source %s (%s) %s", e.Source, e.URL, e.Problem)
}

func (s Source) failed(format string, args ...any) error {
	return &Error{Source: s.Name, URL: s.URL, Problem: fmt.Sprintf(format, args...)}
}

// unreachable explains why a request came to nothing. What it returns holds no URL of a request,
// because one that a server made may have a secret in it.
func (s Source) unreachable(err error, limit time.Duration) error {
	var request *url.Error
	var timeout net.Error
	var lookup *net.DNSError
	var connection *net.OpError
	var known *Error
	status := statusOf(err)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &known):
		return known
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return s.failed("refuses access (%d %s): check the Secret that its secretRef names", status, http.StatusText(status))
	case status != 0:
		return &Error{Source: s.Name, URL: s.URL, Problem: fmt.Sprintf("answers %d %s", status, http.StatusText(status)), status: status}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return s.failed("gave no answer within %s", limit)
	case errors.As(err, &lookup):
		return s.failed("cannot be reached: host name %s is unknown", lookup.Name)
	case errors.As(err, &connection):
		return s.failed("cannot be reached: %v", connection.Err) // without the addresses, which differ each time
	case errors.As(err, &request):
		return s.failed("cannot be reached: %v", request.Err)
	}
	return s.failed("cannot be used: %v", err)
}

// statusError is an answer that is not the one asked for.
type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("%d %s", int(e), http.StatusText(int(e)))
}

// statusOf is the HTTP status that a request failed with, 0 for another failure.
func statusOf(err error) int {
	var plain statusError
	var oci *errcode.ErrorResponse
	switch {
	case errors.As(err, &plain):
		return int(plain)
	case errors.As(err, &oci):
		return oci.StatusCode
	case errors.Is(err, errdef.ErrNotFound):
		return http.StatusNotFound
	}
	return 0
}
