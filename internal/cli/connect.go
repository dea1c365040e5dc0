package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// connectTimeout is how long an API server may take to give its first answer.
const connectTimeout = 10 * time.Second

// Installing a mesh writes a few hundred objects at once; the client's own default of 5 a second is for controllers.
const (
	clientQPS   = 100
	clientBurst = 200
)

// Connect returns the REST configuration of the chosen cluster once its API server has answered.
// The error is one line that says what is wrong with the kubeconfig, the server or the credentials.
func (a *App) Connect(ctx context.Context) (*rest.Config, error) {
	config, err := a.RESTConfig()
	if err != nil {
		return nil, err
	}
	if err := reach(ctx, config, connectTimeout); err != nil {
		return nil, err
	}
	return config, nil
}

// RESTConfig returns the REST configuration of the chosen cluster without talking to it.
func (a *App) RESTConfig() (*rest.Config, error) {
	loaded, err := a.loadKubeconfig()
	if err != nil {
		return nil, err
	}
	if err := checkAuthentication(loaded, a.Context); err != nil {
		return nil, err
	}
	config, err := a.clientConfig().ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errors.New("no Kubernetes cluster is configured: give a kubeconfig with -c, or start a local cluster with 'smm sandbox up'")
	}
	if err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", a.kubeconfigName(), err)
	}
	config.QPS, config.Burst = clientQPS, clientBurst
	config.UserAgent = "smm/" + a.Build.orModule().Version
	config.WarningHandlerWithContext = warningLogger{a.Log}
	return config, nil
}

// ClusterName returns the name that the kubeconfig gives to the chosen cluster, or "" when there is no kubeconfig.
func (a *App) ClusterName() (string, error) {
	loaded, err := a.loadKubeconfig()
	if err != nil {
		return "", err
	}
	if chosen := chosenContext(loaded, a.Context); chosen != nil {
		return chosen.Cluster, nil
	}
	return "", nil
}

func (a *App) clientConfig() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = a.Kubeconfig
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: a.Context})
}

// loadKubeconfig reads the kubeconfig and makes sure that the chosen context is in it.
func (a *App) loadKubeconfig() (clientcmdapi.Config, error) {
	loaded, err := a.clientConfig().RawConfig()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return loaded, fmt.Errorf("kubeconfig %s does not exist: give the path of one with -c, or set KUBECONFIG", a.kubeconfigName())
	case err != nil:
		return loaded, fmt.Errorf("kubeconfig %s cannot be read: %w", a.kubeconfigName(), err)
	}
	name := a.Context
	if name == "" {
		name = loaded.CurrentContext
	}
	if name == "" || loaded.Contexts[name] != nil {
		return loaded, nil
	}
	return loaded, fmt.Errorf("kubeconfig %s has no context %q: choose one with --context (%s)",
		a.kubeconfigName(), name, strings.Join(contextNames(loaded), ", "))
}

func (a *App) kubeconfigName() string {
	if a.Kubeconfig != "" {
		return a.Kubeconfig
	}
	if path := os.Getenv(clientcmd.RecommendedConfigPathEnvVar); path != "" {
		return path
	}
	return clientcmd.RecommendedHomeFile
}

func contextNames(config clientcmdapi.Config) []string {
	names := make([]string, 0, len(config.Contexts))
	for name := range config.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func chosenContext(config clientcmdapi.Config, name string) *clientcmdapi.Context {
	if name == "" {
		name = config.CurrentContext
	}
	return config.Contexts[name]
}

// checkAuthentication refuses user names with passwords, which Kubernetes API servers have not accepted since 1.19.
func checkAuthentication(config clientcmdapi.Config, contextName string) error {
	chosen := chosenContext(config, contextName)
	if chosen == nil {
		return nil
	}
	user := config.AuthInfos[chosen.AuthInfo]
	if user == nil || (user.Username == "" && user.Password == "") {
		return nil
	}
	return fmt.Errorf("user %q of the kubeconfig has a user name and password, which are not supported: "+
		"use a client certificate, a bearer token or an exec plugin", chosen.AuthInfo)
}

// reach asks the server for its version and turns what may go wrong into one clear line.
func reach(ctx context.Context, config *rest.Config, timeout time.Duration) error {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err = client.RESTClient().Get().AbsPath("/version").Do(ctx).Raw()
	return explainConnection(config.Host, timeout, err)
}

// explainConnection says in one line why a server could not be reached, and what to do.
func explainConnection(server string, timeout time.Duration, err error) error {
	var lookup *net.DNSError
	var timedOut net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &lookup):
		return fmt.Errorf("the API server %s cannot be reached: host name %s is unknown; check the server address in the kubeconfig", server, lookup.Name)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout():
		return fmt.Errorf("the API server %s gave no answer within %s; check the address in the kubeconfig, VPN and firewall", server, timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("the API server %s cannot be reached: connection refused; is the cluster running?", server)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the API server %s refused the credentials of the kubeconfig; log in again or use another context", server)
	default:
		return fmt.Errorf("the API server %s cannot be used: %w", server, err)
	}
}
