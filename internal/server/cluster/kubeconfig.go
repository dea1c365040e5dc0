package cluster

import (
	"errors"
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// FromKubeconfig reads the cluster and the credentials of the current context of a kubeconfig that a user sent. Nothing of
// it is run or read from files here: what it says must all be in it. It also returns the cluster's name.
func FromKubeconfig(content string) (*rest.Config, string, error) {
	loaded, err := clientcmd.Load([]byte(content))
	if err != nil {
		return nil, "", errors.New("this is no kubeconfig")
	}
	current := loaded.Contexts[loaded.CurrentContext]
	if current == nil {
		return nil, "", errors.New("the kubeconfig has no current context: write one with `kubectl config view --raw --minify --flatten`")
	}
	if err := selfContained(loaded, current); err != nil {
		return nil, "", err
	}
	config, err := clientcmd.NewDefaultClientConfig(*loaded, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("the kubeconfig cannot be used: %w", err)
	}
	return config, current.Cluster, nil
}

func selfContained(loaded *clientcmdapi.Config, current *clientcmdapi.Context) error {
	if user := loaded.AuthInfos[current.AuthInfo]; user != nil {
		switch {
		case user.Exec != nil, user.AuthProvider != nil:
			return errors.New("the kubeconfig gets its credentials from a program, which is not run here: give one with a token or a certificate")
		case user.TokenFile != "", user.ClientCertificate != "", user.ClientKey != "":
			return errors.New("the kubeconfig refers to files: write one without by `kubectl config view --raw --minify --flatten`")
		}
	}
	if server := loaded.Clusters[current.Cluster]; server != nil && server.CertificateAuthority != "" {
		return errors.New("the kubeconfig refers to files: write one without by `kubectl config view --raw --minify --flatten`")
	}
	return nil
}
