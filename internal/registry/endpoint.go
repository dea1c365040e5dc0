package registry

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// EndpointFor is the address of the cluster's API server for clients of the network: the one for that network, else the
// last that is for no network in particular, else an empty one.
func EndpointFor(spec *v1alpha1.ClusterSpec, network string) v1alpha1.KubernetesAPIEndpoint {
	var general v1alpha1.KubernetesAPIEndpoint
	for _, endpoint := range spec.KubernetesAPIEndpoints {
		if endpoint.ClientNetwork == network {
			return endpoint
		}
		if endpoint.ClientNetwork == "" {
			general = endpoint
		}
	}
	return general
}

// ServerURL completes an address to a URL: https, unless it has a scheme.
func ServerURL(address string) (string, error) {
	if !strings.Contains(address, "//") {
		address = "https://" + address
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return "", fmt.Errorf("%q is no address of an API server", address)
	}
	return parsed.String(), nil
}

// errNoKubeconfig tells that credentials are not usable. What it says may stand in a status: it quotes nothing.
var errNoKubeconfig = errors.New("the Secret holds no kubeconfig that can be used")

// Kubeconfig is the cluster's kubeconfig for clients of the network. Only what is written in it is used: one that names
// files or programs is refused, because they would be those of whoever reads it.
func Kubeconfig(spec *v1alpha1.ClusterSpec, network string, encoded []byte) (*clientcmdapi.Config, error) {
	config, err := clientcmd.Load(encoded)
	if err != nil {
		return nil, errNoKubeconfig
	}
	current := config.Contexts[config.CurrentContext]
	if current == nil || config.Clusters[current.Cluster] == nil || config.AuthInfos[current.AuthInfo] == nil {
		return nil, errNoKubeconfig
	}
	cluster, user := config.Clusters[current.Cluster], config.AuthInfos[current.AuthInfo]
	if user.Exec != nil || user.AuthProvider != nil || user.TokenFile != "" || user.ClientCertificate != "" ||
		user.ClientKey != "" || cluster.CertificateAuthority != "" {
		return nil, errors.New("the kubeconfig in the Secret names files or programs: it has to hold the credentials themselves")
	}
	endpoint := EndpointFor(spec, network)
	if endpoint.ServerAddress != "" {
		if cluster.Server, err = ServerURL(endpoint.ServerAddress); err != nil {
			return nil, err
		}
	}
	if len(endpoint.CABundle) > 0 {
		cluster.CertificateAuthorityData = endpoint.CABundle
	}
	return config, nil
}

// restConfig is the configuration of a client with the kubeconfig's credentials.
func restConfig(kubeconfig *clientcmdapi.Config) (*rest.Config, error) {
	config, err := clientcmd.NewDefaultClientConfig(*kubeconfig, nil).ClientConfig()
	if err != nil {
		return nil, errNoKubeconfig
	}
	return config, nil
}
