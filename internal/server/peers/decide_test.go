package peers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/internal/server/peers"
)

func registered(name, id string, change func(*v1alpha1.Cluster)) v1alpha1.Cluster {
	c := v1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name}}
	c.Spec.ClusterID = id
	c.Spec.AuthInfo.SecretRef.Namespace, c.Spec.AuthInfo.SecretRef.Name = "cluster-registry", name
	if change != nil {
		change(&c)
	}
	return c
}

func credentials(t *testing.T, name, token string) corev1.Secret {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + name + ".example"}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	text, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "cluster-registry", Name: name}, Type: v1alpha1.SecretTypeClusterRegistry,
		Data: map[string][]byte{v1alpha1.KubeconfigKey: text},
	}
}

func TestPeersAreTheOtherClustersOfTheRegistry(t *testing.T) {
	clusters := []v1alpha1.Cluster{
		registered("c3", "3", nil), registered("c1", "1", nil), registered("c2", "2", nil), registered("c2-again", "2", nil), registered("c4", "4", nil),
		registered("c5", "5", func(c *v1alpha1.Cluster) { c.Annotations = map[string]string{v1alpha1.ClusterDisabledAnnotation: ""} }),
		registered("c6", "6", func(c *v1alpha1.Cluster) {
			c.Spec.KubernetesAPIEndpoints = []v1alpha1.KubernetesAPIEndpoint{{ServerAddress: "public.example"}, {ClientNetwork: "net1", ServerAddress: "private.example"}}
		}),
	}
	untyped, nothing := credentials(t, "c4", "x"), credentials(t, "c3", "x")
	untyped.Type = corev1.SecretTypeOpaque
	nothing.Data = nil
	secrets := []corev1.Secret{credentials(t, "c1", "x"), credentials(t, "c2", "x"), nothing, untyped, credentials(t, "c5", "x"), credentials(t, "c6", "x")}
	got := map[string]string{}
	for _, peer := range peers.Decide(clusters, secrets, "1", "net1") {
		if got[peer.Name] = peer.Problem; peer.Config != nil {
			got[peer.Name] = peer.Config.Host
		}
	}
	if diff := cmp.Diff(map[string]string{
		"c2": "https://c2.example", "c6": "https://private.example",
		"c3": "the Secret holds no kubeconfig that can be used", "c4": "there are no credentials for it here", "c5": "its Cluster says that it is not to be used",
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPeerWithOtherCredentialsIsAnotherOne(t *testing.T) {
	clusters := []v1alpha1.Cluster{registered("c2", "2", nil)}
	of := func(token string) string {
		return peers.Decide(clusters, []corev1.Secret{credentials(t, "c2", token)}, "1", "")[0].Fingerprint
	}
	if first := of("a"); first != of("a") || first == of("b") {
		t.Error("the fingerprint does not tell credentials apart")
	}
}
