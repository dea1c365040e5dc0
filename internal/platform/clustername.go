package platform

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// maxClusterName is the length of an RFC 1123 label, which a cluster's name has to be.
const maxClusterName = 63

// ClusterName converts a name that a cluster goes by elsewhere to one that Kubernetes and Istio
// accept, by the documented rules: "_", "." and ":" become "-", and what is longer than 63
// characters is cut. A name that is still no RFC 1123 label is an error that tells the way out.
func ClusterName(raw string) (string, error) {
	name := strings.NewReplacer("_", "-", ".", "-", ":", "-").Replace(raw)
	if len(name) > maxClusterName {
		name = strings.TrimRight(name[:maxClusterName], "-")
	}
	if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
		return "", fmt.Errorf("cluster name %q cannot be converted to one that Kubernetes accepts: "+
			"give one of lower case letters, digits and '-' with --cluster-name", raw)
	}
	return name, nil
}

// DiscoveredClusterName is the name of a cluster in the form that its users know, from the name
// that a kubeconfig gives it. Amazon's tools write the ARN there, whose last part is the name.
func DiscoveredClusterName(kubeconfigName string) string {
	if strings.HasPrefix(kubeconfigName, "arn:") {
		return kubeconfigName[strings.LastIndex(kubeconfigName, "/")+1:]
	}
	return kubeconfigName
}
