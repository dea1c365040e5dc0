package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/internal/registry"
)

// Decide tells the peers among the Clusters of a registry. It is pure.
func Decide(clusters []v1alpha1.Cluster, secrets []corev1.Secret, ownID, network string) []Peer {
	var found []Peer
	seen := map[string]bool{ownID: true} // of two Clusters for the same cluster, the registry uses the first
	sorted := slices.SortedFunc(slices.Values(clusters), func(a, b v1alpha1.Cluster) int { return strings.Compare(a.Name, b.Name) })
	for i := range sorted {
		c := &sorted[i]
		if !seen[c.Spec.ClusterID] {
			seen[c.Spec.ClusterID] = true
			found = append(found, peerOf(c, secrets, network))
		}
	}
	return found
}

func peerOf(c *v1alpha1.Cluster, secrets []corev1.Secret, network string) Peer {
	peer := Peer{Name: c.Name}
	if _, disabled := c.Annotations[v1alpha1.ClusterDisabledAnnotation]; disabled {
		peer.Problem = "its Cluster says that it is not to be used"
		return peer
	}
	ref := c.Spec.AuthInfo.SecretRef
	for i := range secrets {
		secret := &secrets[i]
		if secret.Namespace != ref.Namespace || secret.Name != ref.Name || secret.Type != v1alpha1.SecretTypeClusterRegistry {
			continue
		}
		kubeconfig, err := registry.Kubeconfig(&c.Spec, network, secret.Data[v1alpha1.KubeconfigKey])
		if err != nil {
			peer.Problem = err.Error()
			return peer
		}
		config, err := clientcmd.NewDefaultClientConfig(*kubeconfig, nil).ClientConfig()
		if err != nil {
			peer.Problem = "the credentials for it cannot be used"
			return peer
		}
		peer.Config, peer.Fingerprint = config, fingerprint(config)
		return peer
	}
	peer.Problem = "there are no credentials for it here"
	return peer
}

// fingerprint tells apart all that leads to a cluster.
func fingerprint(config *rest.Config) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q %q %q", config.Host, config.BearerToken, config.CAData, config.CertData, config.KeyData)
	return hex.EncodeToString(sum.Sum(nil))
}
