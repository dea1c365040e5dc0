package istio

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ProxyContainer is the name of the proxy's container in every pod that has one.
const ProxyContainer = "istio-proxy"

// Gateway renders the objects of one gateway whose pods are injected by the control plane. input
// holds values of Istio's gateway chart; names and the revision are set by this function.
// kubernetesVersion is as for ControlPlane.
func (r Release) Gateway(revision Revision, namespace, name string, input map[string]any, kubernetesVersion string) ([]*unstructured.Unstructured, error) {
	merged := maps.Clone(input)
	if merged == nil {
		merged = values{}
	}
	merged["name"] = name
	merged["revision"] = revision.Label()
	files, err := r.render(ChartGateway, name, namespace, merged, kubernetesVersion)
	if err != nil {
		return nil, err
	}
	return parse(files)
}
