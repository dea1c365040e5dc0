package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// verifyTimeout bounds the question to the API server.
const verifyTimeout = 10 * time.Second

// anonymous is the name that Kubernetes gives to somebody without credentials.
const anonymous = "system:anonymous"

// ErrRefused tells that the API server does not accept the credentials.
var ErrRefused = errors.New("the cluster refused the credentials")

// Verifier checks credentials at an API server.
type Verifier struct {
	server *rest.Config
}

// NewVerifier returns a Verifier for the API server of the configuration, whose own credentials it does not use.
func NewVerifier(config *rest.Config) *Verifier {
	return &Verifier{server: rest.AnonymousClientConfig(config)}
}

// Verify asks the API server whose credentials these are. Nothing of them is kept. The error is ErrRefused when they
// are nobody's.
func (v *Verifier) Verify(ctx context.Context, credentials Credentials) (User, error) {
	if err := credentials.Validate(); err != nil {
		return User{}, errors.Join(ErrRefused, err)
	}
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	client, done, err := v.client(credentials)
	if err != nil {
		return User{}, err
	}
	defer done()
	review, err := client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	switch {
	case apierrors.IsUnauthorized(err), apierrors.IsForbidden(err):
		return User{}, ErrRefused
	case err != nil:
		return User{}, fmt.Errorf("ask the API server whose the credentials are: %w", err)
	}
	found := UserOf(review.Status.UserInfo)
	if found.Name == "" || found.Name == anonymous {
		return User{}, ErrRefused
	}
	return found, nil
}

// client has a transport of its own: the shared ones of client-go would keep the credentials.
func (v *Verifier) client(credentials Credentials) (kubernetes.Interface, func(), error) {
	secured := rest.CopyConfig(v.server)
	secured.CertData, secured.KeyData = []byte(credentials.Certificate), []byte(credentials.Key)
	settings, err := rest.TLSConfigFor(secured)
	if err != nil {
		return nil, nil, ErrRefused // what is wrong with the key must not be told
	}
	transport := &http.Transport{TLSClientConfig: settings, Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: verifyTimeout}
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host: v.server.Host, APIPath: v.server.APIPath, Transport: transport, BearerToken: credentials.Token,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return client, transport.CloseIdleConnections, nil
}
