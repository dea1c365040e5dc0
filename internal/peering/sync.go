package peering

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// The objects by which clusters tell each other of their control planes.
const (
	syncRuleName = "istio-control-planes-sink"
	readerRole   = "cluster-registry-istio-control-planes-reader"
	writerRole   = "cluster-registry-istio-control-planes-writer"
)

// SyncObjects have a cluster keep a PeerIstioControlPlane for each IstioControlPlane of its peers: the rule, the right
// of peers to read them here, and the cluster registry's right to write the copies. Each cluster has its own.
func SyncObjects() []*unstructured.Unstructured {
	return []*unstructured.Unstructured{
		role(readerRole, clusterregistryv1alpha1.ReaderAggregatedLabel, []any{"istiocontrolplanes"}, []any{"get", "list", "watch"}),
		role(writerRole, clusterregistryv1alpha1.ControllerAggregatedLabel,
			[]any{"peeristiocontrolplanes", "peeristiocontrolplanes/status"},
			[]any{"get", "list", "watch", "create", "update", "patch", "delete"}),
		syncRule(),
	}
}

func role(name, label string, resources, verbs []any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1",
		"kind":       "ClusterRole",
		"metadata":   map[string]any{"name": name, "labels": map[string]any{label: "true"}},
		"rules":      []any{map[string]any{"apiGroups": []any{v1alpha1.GroupVersion.Group}, "resources": resources, "verbs": verbs}},
	}}
}

// syncRule: control planes of a mesh have the same name in all clusters, so that a copy has its cluster's name too.
func syncRule() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": clusterregistryv1alpha1.GroupVersion.String(),
		"kind":       clusterregistryv1alpha1.KindResourceSyncRule,
		"metadata": map[string]any{
			"name":        syncRuleName,
			"annotations": map[string]any{clusterregistryv1alpha1.SyncDisabledAnnotation: "true"},
		},
		"spec": map[string]any{
			"groupVersionKind": map[string]any{"group": v1alpha1.GroupVersion.Group, "version": v1alpha1.GroupVersion.Version, "kind": v1alpha1.KindIstioControlPlane},
			"rules": []any{map[string]any{"mutations": map[string]any{
				"groupVersionKind": map[string]any{"kind": v1alpha1.KindPeerIstioControlPlane},
				"overrides": []any{
					map[string]any{"path": "/metadata/name", "value": "{{ .Object.GetName }}-{{ .Cluster.GetName }}"},
					map[string]any{"path": "/status?/inventory?", "type": "remove"},
				},
				"syncStatus": true,
			}}},
		},
	}}
}
