package decode

import (
	"strings"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/internal/validation/sidecar"
)

// withheld stands where a private key was: that there is one matters, the key does not.
const withheld = "withheld"

// trimSecret keeps certificates, and the names of all other keys. Kubeconfigs of remote clusters are kept too, as
// their credentials expire; they are read by one check and shown by none.
func trimSecret(secret *corev1.Secret) {
	for key, value := range secret.StringData {
		if secret.Data == nil {
			secret.Data = map[string][]byte{}
		}
		secret.Data[key] = []byte(value)
	}
	secret.StringData = nil
	for key := range secret.Data {
		if len(secret.Data[key]) > 0 && !readSecretKey(secret, key) {
			secret.Data[key] = []byte(withheld)
		}
	}
	dropMetadata(&secret.ObjectMeta)
}

func readSecretKey(secret *corev1.Secret, key string) bool {
	switch key {
	case "tls.crt", "ca.crt", "cert", "cacert", "ca-cert.pem", "root-cert.pem", "cert-chain.pem", "ca.crl":
		return true
	}
	return secret.Labels["istio/multiCluster"] == "true"
}

// trimConfigMap keeps the settings of Istio and its root certificate.
func trimConfigMap(configMap *corev1.ConfigMap) {
	if !strings.HasPrefix(configMap.Name, "istio") {
		configMap.Data = nil
	}
	configMap.BinaryData = nil
	dropMetadata(&configMap.ObjectMeta)
}

// trimPod keeps names, images, ports and identities of containers, and what injection has made of its own.
func trimPod(pod *corev1.PodSpec) {
	pod.Volumes, pod.Affinity, pod.Tolerations, pod.TopologySpreadConstraints = nil, nil, nil, nil
	for _, containers := range [][]corev1.Container{pod.Containers, pod.InitContainers} {
		for i := range containers {
			c := &containers[i]
			kept, injected := sidecar.Trim(c)
			if injected {
				intern(&kept)
			} else {
				kept.Env = keptEnvironment(c.Env)
			}
			kept.Name, kept.Image, kept.Ports = c.Name, c.Image, c.Ports
			kept.SecurityContext, kept.RestartPolicy = c.SecurityContext, c.RestartPolicy
			containers[i] = kept
		}
	}
}

// keptEnvironment keeps the variables of a proxy and of istiod that say which mesh and network they belong to.
func keptEnvironment(all []corev1.EnvVar) []corev1.EnvVar {
	var kept []corev1.EnvVar
	for _, variable := range all {
		switch variable.Name {
		case "ISTIO_META_NETWORK", "ISTIO_META_CLUSTER_ID", "CLUSTER_ID", "REVISION", "BLOCKED_CIDRS_IN_JWKS_URIS", "PILOT_ENABLE_ANALYSIS",
			"SHARED_MESH_CONFIG":
			kept = append(kept, variable)
		}
	}
	return kept
}

// intern has the texts of a proxy in memory once for all pods: they are alike in most.
func intern(proxy *corev1.Container) {
	for i := range proxy.Args {
		proxy.Args[i] = unique.Make(proxy.Args[i]).Value()
	}
	for i := range proxy.Env {
		proxy.Env[i].Name = unique.Make(proxy.Env[i].Name).Value()
		proxy.Env[i].Value = unique.Make(proxy.Env[i].Value).Value()
	}
}

// dropMetadata removes what the object itself holds already.
func dropMetadata(meta *metav1.ObjectMeta) {
	*meta = metav1.ObjectMeta{Name: meta.Name, Namespace: meta.Namespace, Labels: meta.Labels, Annotations: meta.Annotations}
}
