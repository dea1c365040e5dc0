package controlplane

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// httpProxyEnv are the usual environment variables for the way out of the cluster.
func httpProxyEnv(spec *v1alpha1.IstioControlPlaneSpec) []corev1.EnvVar {
	if spec.HTTPProxyEnvs == nil {
		return nil
	}
	var env []corev1.EnvVar
	for _, variable := range []corev1.EnvVar{
		{Name: "HTTP_PROXY", Value: spec.HTTPProxyEnvs.HTTPProxy},
		{Name: "HTTPS_PROXY", Value: spec.HTTPProxyEnvs.HTTPSProxy},
		{Name: "NO_PROXY", Value: spec.HTTPProxyEnvs.NoProxy},
	} {
		if variable.Value != "" {
			env = append(env, variable)
		}
	}
	return env
}

// httpProxyOfIstiod keeps istiod's way to the API server and within the cluster direct.
func httpProxyOfIstiod(spec *v1alpha1.IstioControlPlaneSpec) []corev1.EnvVar {
	env := httpProxyEnv(spec)
	if len(env) == 0 {
		return nil
	}
	domain := defaultClusterDomain
	if spec.Proxy != nil {
		domain = orDefault(spec.Proxy.ClusterDomain, domain)
	}
	direct := []string{"$(KUBERNETES_SERVICE_HOST)", ".svc", "." + domain, "localhost", "127.0.0.1"}
	if asked := spec.HTTPProxyEnvs.NoProxy; asked != "" {
		direct = append([]string{asked}, direct...)
	}
	return append(env, corev1.EnvVar{Name: "NO_PROXY", Value: strings.Join(direct, ",")})
}
