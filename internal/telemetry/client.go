package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultTimeout bounds one question with its repetitions.
	DefaultTimeout = 15 * time.Second
	// maxAnswer bounds an answer, in bytes: a mesh of 10,000 edges needs about 20 MiB.
	maxAnswer = 128 << 20
	// attempts is how often a question is asked that fails in a way that may pass.
	attempts = 3
	// pause is what lies between two attempts, and twice that before the third.
	pause = 200 * time.Millisecond
)

// Settings say how a backend is reached. Without a user name and a token nobody signs in.
type Settings struct {
	// URL is the address below which the backend has api/v1/query.
	URL string
	// Username and Password are for basic authentication.
	Username, Password string
	// Token is a bearer token.
	Token string
	// Timeout bounds one question; DefaultTimeout when it is 0.
	Timeout time.Duration
	// Transport is http.DefaultTransport when it is nil.
	Transport http.RoundTripper
}

// Client asks one backend.
type Client struct {
	settings Settings
	base     *url.URL
	http     *http.Client
}

// NewClient returns a Client. It asks nothing yet.
func NewClient(settings Settings) (*Client, error) {
	base, err := url.Parse(settings.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("the metrics backend's address is no URL: give one that begins with http:// or https://")
	}
	if base.User != nil {
		return nil, errors.New("the metrics backend's URL holds a user: give user and password apart from it")
	}
	if settings.Username != "" && settings.Token != "" {
		return nil, errors.New("both a user and a token are given for the metrics backend: give one of the two")
	}
	if settings.Timeout == 0 {
		settings.Timeout = DefaultTimeout
	}
	return &Client{settings: settings, base: base, http: &http.Client{Transport: settings.Transport}}, nil
}

// URL is the backend's address, which holds no secret.
func (c *Client) URL() string { return c.base.String() }

// ErrUnavailable tells that the backend did not answer, or with something that is no answer of such a backend.
var ErrUnavailable = errors.New("the metrics backend is not available")

// ErrRefused tells that the backend understood the question and answered with an error.
var ErrRefused = errors.New("the metrics backend refuses the query")

// ask sends a question until it is answered and hands the answer's body to read. Failures that may pass are tried again.
func (c *Client) ask(ctx context.Context, path string, values url.Values, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	values.Set("timeout", strconv.FormatFloat(c.settings.Timeout.Seconds(), 'f', -1, 64)+"s")
	var err error
	for attempt := range attempts {
		var again bool
		if again, err = c.askOnce(ctx, path, values.Encode(), read); err == nil || !again {
			return err
		}
		select {
		case <-time.After(pause << attempt):
		case <-ctx.Done():
			return err
		}
	}
	return err
}

func (c *Client) askOnce(ctx context.Context, path, form string, read func(io.Reader) error) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath(path).String(), strings.NewReader(form))
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	switch {
	case c.settings.Token != "":
		request.Header.Set("Authorization", "Bearer "+c.settings.Token)
	case c.settings.Username != "":
		request.SetBasicAuth(c.settings.Username, c.settings.Password)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return ctx.Err() == nil, fmt.Errorf("%w: %w", ErrUnavailable, reason(ctx, err))
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return false, fmt.Errorf("%w: it refuses the credentials (%s)", ErrUnavailable, response.Status)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, fmt.Errorf("%w: it answers %s", ErrUnavailable, response.Status)
	}
	body := &limited{from: response.Body, left: maxAnswer}
	if err := read(body); err != nil {
		if errors.Is(err, ErrRefused) {
			return false, err
		}
		if response.StatusCode != http.StatusOK {
			return false, fmt.Errorf("%w: it answers %s", ErrUnavailable, response.Status)
		}
		return false, fmt.Errorf("%w: %w", ErrUnavailable, reason(ctx, err))
	}
	return false, nil
}

// reason says in few words why nothing came: the URL is known, and its parts are no news.
func reason(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("it does not answer in time")
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var network *net.OpError
	if errors.As(err, &network) && network.Err != nil {
		return network.Err
	}
	return err
}

// limited fails where io.LimitedReader would pretend that the answer ends.
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(into []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("its answer is larger than %d MiB", maxAnswer>>20)
	}
	n, err := l.from.Read(into[:min(int64(len(into)), l.left)])
	l.left -= int64(n)
	return n, err
}
