package operator

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func metricsOptions(options Options) metricsserver.Options {
	if options.MetricsAddress == "" {
		return metricsserver.Options{BindAddress: "0"} // controller-runtime's word for none
	}
	served := metricsserver.Options{BindAddress: options.MetricsAddress}
	if options.MetricsSecure {
		served.SecureServing, served.FilterProvider = true, onlyAuthorized
	}
	return served
}

// onlyAuthorized lets through who has the right to get the URL, as the API server knows them by
// their token.
func onlyAuthorized(config *rest.Config, client *http.Client) (metricsserver.Filter, error) {
	kubernetes, err := kubernetes.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return func(log logr.Logger, next http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			code, err := authorize(request.Context(), kubernetes, request)
			switch {
			case err != nil:
				log.Error(err, "the rights of who asks for metrics are unknown")
				http.Error(w, "the rights cannot be checked now", http.StatusServiceUnavailable)
			case code != http.StatusOK:
				http.Error(w, http.StatusText(code), code)
			default:
				next.ServeHTTP(w, request)
			}
		}), nil
	}, nil
}

// authorize answers with the HTTP status that the request deserves.
func authorize(ctx context.Context, client kubernetes.Interface, request *http.Request) (int, error) {
	token, found := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	if !found {
		return http.StatusUnauthorized, nil
	}
	identity, err := client.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token},
	}, metav1.CreateOptions{})
	if err != nil {
		return 0, fmt.Errorf("review a token: %w", err)
	}
	if !identity.Status.Authenticated {
		return http.StatusUnauthorized, nil
	}
	user := identity.Status.User
	extra := map[string]authorizationv1.ExtraValue{}
	for key, values := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(values)
	}
	access, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra,
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: request.URL.Path, Verb: strings.ToLower(request.Method)},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return 0, fmt.Errorf("review the rights of %s: %w", user.Username, err)
	}
	if !access.Status.Allowed {
		return http.StatusForbidden, nil
	}
	return http.StatusOK, nil
}
