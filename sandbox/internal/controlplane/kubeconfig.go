package controlplane

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// WriteKubeconfig writes a kubeconfig whose one context, named for the
// cluster, speaks to the server (an https URL) with the given certificate.
// Certificates are embedded, so that the file can be copied.
func WriteKubeconfig(path, cluster, server string, ca string, user KeyPair) error {
	caData, err := os.ReadFile(ca)
	if err != nil {
		return fmt.Errorf("writing kubeconfig: %w", err)
	}
	cert, err := os.ReadFile(user.Cert)
	if err != nil {
		return fmt.Errorf("writing kubeconfig: %w", err)
	}
	key, err := os.ReadFile(user.Key)
	if err != nil {
		return fmt.Errorf("writing kubeconfig: %w", err)
	}
	config := api.NewConfig()
	config.Clusters[cluster] = &api.Cluster{Server: server, CertificateAuthorityData: caData}
	config.AuthInfos[cluster] = &api.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	config.Contexts[cluster] = &api.Context{Cluster: cluster, AuthInfo: cluster}
	config.CurrentContext = cluster
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("writing kubeconfig: %w", err)
	}
	if err := writeFile(path, data); err != nil {
		return fmt.Errorf("writing kubeconfig: %w", err)
	}
	return nil
}

// lastPort is the port in the kubeconfig of an earlier run, 0 if there is none.
func lastPort(kubeconfig string) (int, error) {
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the kubeconfig of the last run: %w", err)
	}
	for _, cluster := range config.Clusters {
		server, err := url.Parse(cluster.Server)
		if err != nil {
			return 0, fmt.Errorf("reading the kubeconfig of the last run: %w", err)
		}
		return strconv.Atoi(server.Port())
	}
	return 0, nil
}
