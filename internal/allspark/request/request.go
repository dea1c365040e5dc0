// Package request reads the list of calls that a demo service makes for each call that it gets.
package request

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The protocols of a request: the schemes of its URL.
const (
	HTTP  = "http"
	HTTPS = "https"
	GRPC  = "grpc"
	TCP   = "tcp"
)

const (
	// MaxCount is the largest number of calls that one request may ask for.
	MaxCount = 1000

	// MaxSize is the largest payload of a TCP call, in bytes.
	MaxSize = 16 << 20

	// DefaultSize is the payload of a TCP call that names none, in bytes.
	DefaultSize = 1024
)

// Request is one entry of the list: a target and how many calls to make to it.
type Request struct {
	Protocol string
	Host     string // host name or address, without the port
	Port     string
	Path     string // with the query, if there is one; for gRPC the full method or ""
	Count    int
	Size     int // bytes of payload, TCP only
}

// Parse reads a list of requests separated by white space, each of the form URL#count.
// The count is 1 when it is missing. A TCP target may name its payload in bytes: tcp://host:port?size=4096.
func Parse(list string) ([]Request, error) {
	var requests []Request
	for _, field := range strings.Fields(list) {
		request, err := parseOne(field)
		if err != nil {
			return nil, fmt.Errorf("request %q: %w", withoutPassword(field), err)
		}
		requests = append(requests, request)
	}
	return requests, nil
}

// withoutPassword is the text as it may be logged.
func withoutPassword(text string) string {
	if target, err := url.Parse(text); err == nil && target.User != nil {
		return target.Redacted()
	}
	return text
}

func parseOne(text string) (Request, error) {
	target, err := url.Parse(text)
	if err != nil {
		return Request{}, fmt.Errorf("not a URL: %w", err)
	}
	port, err := portOf(target)
	if err != nil {
		return Request{}, err
	}
	if target.User != nil {
		return Request{}, fmt.Errorf("credentials are not supported")
	}
	request := Request{Protocol: target.Scheme, Host: target.Hostname(), Port: port, Path: target.RequestURI()}
	if request.Count, err = number(target.Fragment, 1, MaxCount, "count"); err != nil {
		return Request{}, err
	}
	switch request.Protocol {
	case GRPC:
		request.Path, err = methodOf(target)
	case TCP:
		request.Path = ""
		request.Size, err = number(target.Query().Get("size"), DefaultSize, MaxSize, "size")
	}
	return request, err
}

// portOf returns the port, which only HTTP targets may leave out.
func portOf(target *url.URL) (string, error) {
	supported := []string{HTTP, HTTPS, GRPC, TCP}
	if !slices.Contains(supported, target.Scheme) {
		return "", fmt.Errorf("protocol %q is not supported, only %s", target.Scheme, strings.Join(supported, ", "))
	}
	if target.Hostname() == "" || strings.ContainsAny(target.Hostname(), " \t\r\n/#?@") {
		return "", fmt.Errorf("it has no valid host name")
	}
	port := target.Port()
	switch {
	case port != "":
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "", fmt.Errorf("port %q is not between 1 and 65535", port)
		}
		return port, nil
	case target.Scheme == HTTP:
		return "80", nil
	case target.Scheme == HTTPS:
		return "443", nil
	default:
		return "", fmt.Errorf("it has no port")
	}
}

// methodOf returns the full gRPC method, /service/method, or "" when the URL names none.
func methodOf(target *url.URL) (string, error) {
	if target.Path == "" || target.Path == "/" {
		return "", nil
	}
	if service, method, found := strings.Cut(strings.TrimPrefix(target.Path, "/"), "/"); !found || service == "" || method == "" {
		return "", fmt.Errorf("path %q is not of the form /service/method", target.Path)
	}
	return target.Path, nil
}

func number(text string, fallback, limit int, name string) (int, error) {
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > limit {
		return 0, fmt.Errorf("%s %q is not between 1 and %d", name, text, limit)
	}
	return n, nil
}

// Address is the target as host:port.
func (r Request) Address() string { return net.JoinHostPort(r.Host, r.Port) }

// URL is the target as users write it, without the count.
func (r Request) URL() string {
	text := r.Protocol + "://" + r.Address() + r.Path
	if r.Protocol == TCP && r.Size != DefaultSize {
		text += "?size=" + strconv.Itoa(r.Size)
	}
	return text
}

// String is the request in the form that Parse reads.
func (r Request) String() string { return r.URL() + "#" + strconv.Itoa(r.Count) }
