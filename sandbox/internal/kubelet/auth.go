package kubelet

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/pkg/server/options"
)

// How long answers of the API server hold.
const (
	tokenTTL      = 10 * time.Second
	allowedTTL    = 10 * time.Second
	deniedTTL     = 2 * time.Second
	reviewTimeout = 10 * time.Second
)

// auth decides who may ask for what.
type auth struct {
	nodeName      string
	authenticator authenticator.Request
	authorizer    authorizer.Authorizer
}

func newAuth(config Config) (auth, error) {
	ca, err := dynamiccertificates.NewStaticCAContent("client-ca", config.ClientCA)
	if err != nil {
		return auth{}, err
	}
	authenticator, _, err := authenticatorfactory.DelegatingAuthenticatorConfig{
		ClientCertificateCAContentProvider: ca,
		TokenAccessReviewClient:            config.Client.AuthenticationV1(),
		TokenAccessReviewTimeout:           reviewTimeout,
		WebhookRetryBackoff:                options.DefaultAuthWebhookRetryBackoff(),
		CacheTTL:                           tokenTTL,
	}.New()
	if err != nil {
		return auth{}, err
	}
	authorizer, err := authorizerfactory.DelegatingAuthorizerConfig{
		SubjectAccessReviewClient: config.Client.AuthorizationV1(),
		WebhookRetryBackoff:       options.DefaultAuthWebhookRetryBackoff(),
		AllowCacheTTL:             allowedTTL,
		DenyCacheTTL:              deniedTTL,
	}.New()
	return auth{config.NodeName, authenticator, authorizer}, err
}

// protect lets a request through to next when its user may make it.
func (a auth) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok, err := a.authenticator.AuthenticateRequest(r)
		if err != nil || !ok {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		// Each of the subresources that cover the path will do.
		subresources := subresources(r.URL.Path)
		for _, subresource := range subresources {
			decision, _, err := a.authorizer.Authorize(r.Context(), a.attributes(who.User, r, subresource))
			if err != nil {
				http.Error(w, fmt.Sprintf("Authorization error: %v", err), http.StatusInternalServerError)
				return
			}
			if decision == authorizer.DecisionAllow {
				next.ServeHTTP(w, r)
				return
			}
		}
		attributes := a.attributes(who.User, r, "")
		http.Error(w, fmt.Sprintf("Forbidden (user=%s, verb=%s, resource=nodes, subresource(s)=%v)",
			who.User.GetName(), attributes.GetVerb(), subresources), http.StatusForbidden)
	})
}

func (a auth) attributes(who user.Info, r *http.Request, subresource string) authorizer.Attributes {
	verbs := map[string]string{
		http.MethodGet: "get", http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
	}
	return authorizer.AttributesRecord{
		User: who, Verb: verbs[r.Method], APIVersion: "v1", Resource: "nodes", Subresource: subresource,
		Name: a.nodeName, ResourceRequest: true, Path: r.URL.Path,
	}
}

// subresources names the parts of a Node that stand for a path; the right to one of them is enough.
func subresources(path string) []string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "stats", "metrics":
		return []string{first}
	case "logs":
		return []string{"log"}
	case "pods", "runningpods":
		return []string{"pods", "proxy"}
	case "healthz":
		return []string{"healthz", "proxy"}
	}
	return []string{"proxy"}
}
