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
		role(readerRole, clusterregistryv1alpha1.ReaderAggregatedLabel, reading()),
		// The registry also looks at what of the kind is here.
		role(writerRole, clusterregistryv1alpha1.ControllerAggregatedLabel, reading(), map[string]any{
			"apiGroups": []any{v1alpha1.GroupVersion.Group},
			"resources": []any{"peeristiocontrolplanes", "peeristiocontrolplanes/status"},
			"verbs":     []any{"get", "list", "watch", "create", "update", "patch", "delete"},
		}),
		syncRule(),
	}
}

func reading() map[string]any {
	return map[string]any{
		"apiGroups": []any{v1alpha1.GroupVersion.Group},
		"resources": []any{"istiocontrolplanes"},
		"verbs":     []any{"get", "list", "watch"},
	}
}

func role(name, label string, rules ...any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1",
		"kind":       "ClusterRole",
		"metadata":   map[string]any{"name": name, "labels": map[string]any{label: "true"}},
		"rules":      rules,
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
