// Package apiclient signs in to the product's server, as the command line does.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/meshmanager/smm/internal/signin"
)

const (
	// timeout bounds one request; the server may have to ask its cluster.
	timeout = 20 * time.Second
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 1 << 20
)

// ErrSignIn tells that the server does not accept the ID token (any more).
var ErrSignIn = errors.New("the server wants you to sign in again")

// ErrAnonymous tells that nobody signs in at the server.
var ErrAnonymous = errors.New("nobody signs in at the server: it lets everybody in")

// Client talks to one server.
type Client struct {
	address string
	http    *http.Client
}

// New returns a Client of the server at an address such as https://mesh.example.org. Plain HTTP is accepted for this machine
// only: credentials are sent. transport is nil for the usual one.
func New(address string, transport http.RoundTripper) (*Client, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a server: give one such as https://mesh.example.org", address)
	}
	if host := parsed.Hostname(); transport == nil && parsed.Scheme == "http" && host != "127.0.0.1" && host != "::1" && host != "localhost" {
		return nil, fmt.Errorf("%s is not encrypted, and your credentials would be sent there: give an address with https", address)
	}
	return &Client{address: strings.TrimSuffix(address, "/"), http: &http.Client{
		Transport: transport, Timeout: timeout,
		// A server that sends credentials elsewhere is none of ours.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Login exchanges credentials for an ID token.
func (c *Client) Login(ctx context.Context, credentials signin.Credentials) (signin.IDToken, error) {
	var issued signin.IDToken
	err := c.post(ctx, "/api/auth/login", "", credentials, &issued)
	return issued, err
}

// LoginToken exchanges an ID token for a login token. The error is ErrSignIn when the ID token is not accepted.
func (c *Client) LoginToken(ctx context.Context, idToken string) (string, error) {
	var issued struct {
		LoginToken string `json:"loginToken"`
	}
	err := c.post(ctx, "/api/auth/token", idToken, nil, &issued)
	return issued.LoginToken, err
}

func (c *Client) post(ctx context.Context, path, idToken string, content, answer any) error {
	body, err := json.Marshal(content)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if idToken != "" {
		request.Header.Set("Authorization", "Bearer "+idToken)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("the server %s cannot be reached: %w", c.address, errors.Unwrap(err))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("the server %s: %w", c.address, err)
	}
	if response.StatusCode != http.StatusOK {
		return c.refusal(response, text, idToken != "")
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s is no server of the mesh: it answers something else", c.address)
	}
	return nil
}

// refusal is what the server says, in its words where it has some.
func (c *Client) refusal(response *http.Response, text []byte, signedIn bool) error {
	if signedIn && response.StatusCode == http.StatusUnauthorized {
		return ErrSignIn
	}
	if response.StatusCode == http.StatusConflict {
		return ErrAnonymous
	}
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &said) != nil || said.Error == "" {
		return fmt.Errorf("the server %s answers %s", c.address, response.Status)
	}
	return fmt.Errorf("the server %s: %s", c.address, said.Error)
}
