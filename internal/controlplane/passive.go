package controlplane

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/overlay"
)

// Remote is the istiod of a peer, as a passive control plane uses it.
type Remote struct {
	// Addresses are the IP addresses at which it is reached.
	Addresses []string
	// Root is the root certificate of its authority, PEM encoded.
	Root string
	// Namespaces are those of this cluster whose pods need the root certificate.
	Namespaces []string
}

// Passive renders what a passive control plane consists of: the Service that leads to the peer's istiod under the name
// of an own one, the webhook that has it inject pods, its root certificate, and what it may read here. It is pure.
func Passive(icp *v1alpha1.IstioControlPlane, release istio.Release, remote Remote, kubernetesVersion string) ([]*unstructured.Unstructured, error) {
	values := tree{}
	cluster, network := orDefault(icp.Spec.ClusterID, DefaultClusterID), orDefault(icp.Spec.NetworkName, DefaultNetworkName)
	err := errors.Join(
		setIdentity(values, &icp.Spec, icp.Namespace),
		values.set("istiodRemote.enabled", true),
		values.set("istiodRemote.injectionPath", "/inject/cluster/"+url.PathEscape(cluster)+"/net/"+url.PathEscape(network)),
		values.set("istiodRemote.injectionCABundle", base64.StdEncoding.EncodeToString([]byte(remote.Root))),
		values.set("global.remotePilotAddress", remote.Addresses[0]),
	)
	if err != nil {
		return nil, err
	}
	all, err := release.ControlPlane(revisionOf(icp), values, kubernetesVersion)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, object := range all {
		switch object.GetKind() {
		case "Service", "MutatingWebhookConfiguration":
			objects = append(objects, object)
		case "EndpointSlice":
			if err := setEndpoints(object, remote.Addresses); err != nil {
				return nil, err
			}
			objects = append(objects, object)
		case "ClusterRole":
			if isIstioReader(object) {
				openToPeers(object)
				objects = append(objects, readingOnly(object))
			}
		}
	}
	for _, namespace := range remote.Namespaces {
		objects = append(objects, rootCertificate(namespace, remote.Root))
	}
	if err := overlay.Apply(objects, icp.Spec.K8sResourceOverlays); err != nil {
		return nil, fmt.Errorf("spec.%w", err)
	}
	return objects, nil
}

// setEndpoints has the Service lead to all of the addresses; the chart takes one.
func setEndpoints(slice *unstructured.Unstructured, addresses []string) error {
	endpoints := make([]any, len(addresses))
	for i, address := range addresses {
		endpoints[i] = map[string]any{"addresses": []any{address}, "conditions": map[string]any{"ready": true}}
	}
	labels := slice.GetLabels()
	labels["endpointslice.kubernetes.io/managed-by"] = kube.ManagedByValue
	slice.SetLabels(labels)
	if err := unstructured.SetNestedSlice(slice.Object, endpoints, "endpoints"); err != nil {
		return fmt.Errorf("set the addresses of istiod: %w", err)
	}
	return nil
}

func isIstioReader(object *unstructured.Unstructured) bool {
	return object.GetKind() == "ClusterRole" && object.GetLabels()["app"] == "istio-reader"
}

// openToPeers lets the clusters of the group read what an istiod of theirs needs.
func openToPeers(role *unstructured.Unstructured) {
	labels := role.GetLabels()
	labels[clusterregistryv1alpha1.ReaderAggregatedLabel] = "true"
	role.SetLabels(labels)
}

// readingOnly leaves out what the chart gives an istiod of another cluster to change here: the webhook and the root
// certificates are brought from here.
func readingOnly(role *unstructured.Unstructured) *unstructured.Unstructured {
	rules, _, _ := unstructured.NestedSlice(role.Object, "rules")
	rules = slices.DeleteFunc(rules, func(item any) bool {
		rule, _ := item.(map[string]any)
		verbs, _, _ := unstructured.NestedStringSlice(rule, "verbs")
		return slices.Contains(verbs, "update")
	})
	role.Object["rules"] = rules
	return role
}

func rootCertificate(namespace, root string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata": map[string]any{
			"namespace": namespace, "name": istio.RootCertConfigMap,
			"labels": map[string]any{"istio.io/config": "true"},
		},
		"data": map[string]any{"root-cert.pem": root},
	}}
}
