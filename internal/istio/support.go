package istio

import (
	_ "embed"
	"fmt"

	"sigs.k8s.io/yaml"
)

//go:embed support.yaml
var supportTable []byte

// kubernetesRange is the range of minor versions of Kubernetes 1 that a release line supports.
type kubernetesRange struct {
	Min uint64 `json:"min"`
	Max uint64 `json:"max"`
}

// supportedKubernetes is what each release line of Istio's support table supports.
func supportedKubernetes() map[string]kubernetesRange {
	var table map[string]kubernetesRange
	if err := yaml.UnmarshalStrict(supportTable, &table); err != nil {
		panic(fmt.Sprintf("support.yaml, which is part of the program, is broken: %v", err))
	}
	return table
}

// Kubernetes is the supported range as users read it, such as "1.32 to 1.36".
func (r Release) Kubernetes() string {
	if !r.knowsKubernetes() {
		return "unknown"
	}
	return fmt.Sprintf("1.%d to 1.%d", r.MinKubernetes, r.MaxKubernetes)
}

// SupportsKubernetes tells whether the release supports the minor version of Kubernetes 1. Where
// that is not known, nothing speaks against it.
func (r Release) SupportsKubernetes(minor uint64) bool {
	return !r.knowsKubernetes() || r.MinKubernetes <= minor && minor <= r.MaxKubernetes
}

func (r Release) knowsKubernetes() bool {
	return r.MaxKubernetes > 0
}
