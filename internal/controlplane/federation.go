package controlplane

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// federated is the control plane with the trust in the authorities of others added to what it says itself: each control
// plane keeps its own root, and proxies accept certificates of all of them. Without foreign roots it is the same. It is
// pure.
func federated(icp *v1alpha1.IstioControlPlane, roots []string) (*v1alpha1.IstioControlPlane, error) {
	if len(roots) == 0 {
		return icp, nil
	}
	icp = icp.DeepCopy()
	config, err := objectOf(icp.Spec.MeshConfig, "spec.meshConfig")
	if err != nil {
		return nil, err
	}
	certificates, _ := config["caCertificates"].([]any)
	for _, root := range roots {
		certificates = append(certificates, map[string]any{"pem": root + "\n"})
	}
	// Proxies ask for the roots only if told to.
	proxies := map[string]any{"defaultConfig": map[string]any{"proxyMetadata": map[string]any{"PROXY_CONFIG_XDS_AGENT": "true"}}}
	config = merge(proxies, config)
	config["caCertificates"] = certificates
	encoded, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encode the mesh config: %w", err)
	}
	icp.Spec.MeshConfig = &apiextensionsv1.JSON{Raw: encoded}
	if icp.Spec.Istiod == nil {
		icp.Spec.Istiod = &v1alpha1.IstiodConfig{}
	}
	if icp.Spec.Istiod.Deployment == nil {
		icp.Spec.Istiod.Deployment = &v1alpha1.WorkloadConfig{}
	}
	deployment := icp.Spec.Istiod.Deployment
	deployment.Env = append([]corev1.EnvVar{{Name: "ISTIO_MULTIROOT_MESH", Value: "true"}}, deployment.Env...)
	return icp, nil
}
