package peering

import (
	"encoding/base64"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What istiod knows the credentials of other clusters by.
const (
	multiClusterLabel       = "istio/multiCluster"
	remoteClusterAnnotation = "networking.istio.io/cluster"
)

// RemoteSecretName is the name of the Secret with the credentials of a cluster.
func RemoteSecretName(cluster string) string { return "istio-remote-secret-" + cluster }

// RemoteSecret has the istiod of a namespace read from a peer's cluster, with the kubeconfig.
func RemoteSecret(namespace, cluster string, kubeconfig []byte) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "Secret",
		"metadata": map[string]any{
			"namespace":   namespace,
			"name":        RemoteSecretName(cluster),
			"labels":      map[string]any{multiClusterLabel: "true"},
			"annotations": map[string]any{remoteClusterAnnotation: cluster},
		},
		"type": "Opaque",
		"data": map[string]any{cluster: base64.StdEncoding.EncodeToString(kubeconfig)},
	}}
}
