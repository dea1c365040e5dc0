package registry

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// Metadata is what a cluster's nodes and its API server's version tell of it. A cluster without nodes has a version
// only.
func Metadata(serverVersion string, nodes []corev1.Node) v1alpha1.ClusterMetadata {
	metadata := v1alpha1.ClusterMetadata{Version: serverVersion}
	var locality v1alpha1.Locality
	for _, node := range nodes {
		metadata.KubeProxyVersions = include(metadata.KubeProxyVersions, node.Status.NodeInfo.KubeProxyVersion) //nolint:staticcheck // documented, and empty where Kubernetes no longer tells it
		metadata.KubeletVersions = include(metadata.KubeletVersions, node.Status.NodeInfo.KubeletVersion)
		locality.Regions = include(locality.Regions, node.Labels[corev1.LabelTopologyRegion])
		locality.Zones = include(locality.Zones, node.Labels[corev1.LabelTopologyZone])
	}
	if len(locality.Regions)+len(locality.Zones) > 0 {
		locality.Region = strings.Join(locality.Regions, ", ")
		metadata.Locality = &locality
	}
	if len(nodes) > 0 {
		// Any node tells: a cluster has one provider. The first by name, so that the answer is always the same.
		first := slices.MinFunc(nodes, func(a, b corev1.Node) int { return strings.Compare(a.Name, b.Name) })
		metadata.Provider = providerOf(&first)
		metadata.Distribution = distributionOf(&first, metadata.Provider)
	}
	return metadata
}

// include adds a value to a sorted list, once.
func include(values []string, value string) []string {
	i, found := slices.BinarySearch(values, value)
	if value == "" || found {
		return values
	}
	return slices.Insert(values, i, value)
}

const intersightLabel = "iks.intersight.cisco.com/version"

// providerOf reads the provider from the scheme of the node's provider ID, such as aws:///eu-west-1a/i-0123.
func providerOf(node *corev1.Node) string {
	scheme, _, found := strings.Cut(node.Spec.ProviderID, "://")
	switch {
	case !found:
		return ""
	case scheme == "vsphere" && node.Labels[intersightLabel] != "":
		return "cisco"
	}
	return map[string]string{"aws": "amazon", "azure": "azure", "gce": "google", "vsphere": "vsphere", "kind": "kind"}[scheme]
}

func distributionOf(node *corev1.Node, provider string) string {
	has := func(label string) bool { return node.Labels[label] != "" }
	_, byKubeadm := node.Annotations["kubeadm.alpha.kubernetes.io/cri-socket"]
	_, openShift := node.Labels["node.openshift.io/os_id"]
	version := node.Status.NodeInfo.KubeletVersion
	switch {
	case openShift:
		return "OPENSHIFT"
	case strings.Contains(version, "+k3s"):
		return "K3S"
	case strings.Contains(version, "+rke2"):
		return "RKE2"
	case provider == "kind":
		return "KIND"
	case provider == "cisco":
		return "IKS"
	case has("nodepool.banzaicloud.io/name") && byKubeadm:
		return "PKE"
	}
	return managedDistributionOf(node, provider)
}

// managedDistributionOf knows the distributions that clouds run for their users.
func managedDistributionOf(node *corev1.Node, provider string) string {
	has := func(label string) bool { return node.Labels[label] != "" }
	switch {
	case provider == "amazon" && (has("eks.amazonaws.com/nodegroup") || strings.Contains(node.Status.NodeInfo.KubeletVersion, "-eks-")):
		return "EKS"
	case provider == "google" && has("cloud.google.com/gke-nodepool"):
		return "GKE"
	case provider == "azure" && (has("kubernetes.azure.com/cluster") || has("agentpool")):
		return "AKS"
	}
	return ""
}
