package peering

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// The objects by which clusters tell each other of their control planes.
const (
	syncRuleName = "istio-control-planes-sink"
	readerRole   = "cluster-registry-istio-control-planes-reader"
	writerRole   = "cluster-registry-istio-control-planes-writer"
)

// SyncObjects have a cluster keep a PeerIstioControlPlane for each IstioControlPlane of its peers, and copies of their
// GlobalMeshes and MeshClusters, by which its operator knows its part in the mesh: the rules, the right of peers to read
// the originals here, and the cluster registry's right to write the copies. Each cluster has its own.
func SyncObjects() []*unstructured.Unstructured {
	return append(syncControlPlanes(), syncMeshes()...)
}

func syncControlPlanes() []*unstructured.Unstructured {
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

func syncMeshes() []*unstructured.Unstructured {
	resources := []any{"globalmeshes", "meshclusters"}
	rules := func(verbs ...any) map[string]any {
		return map[string]any{"apiGroups": []any{discoveryv3alpha1.GroupVersion.Group}, "resources": resources, "verbs": verbs}
	}
	return []*unstructured.Unstructured{
		role("cluster-registry-meshes-reader", clusterregistryv1alpha1.ReaderAggregatedLabel, rules("get", "list", "watch")),
		role("cluster-registry-meshes-writer", clusterregistryv1alpha1.ControllerAggregatedLabel,
			rules("get", "list", "watch", "create", "update", "patch", "delete")),
		rule("global-meshes-sink", discoveryv3alpha1.GroupVersion.WithKind(discoveryv3alpha1.KindGlobalMesh), map[string]any{}),
		rule("mesh-clusters-sink", discoveryv3alpha1.GroupVersion.WithKind(discoveryv3alpha1.KindMeshCluster), map[string]any{}),
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
	return rule(syncRuleName, v1alpha1.GroupVersion.WithKind(v1alpha1.KindIstioControlPlane), map[string]any{"mutations": map[string]any{
		"groupVersionKind": map[string]any{"kind": v1alpha1.KindPeerIstioControlPlane},
		"overrides": []any{
			map[string]any{"path": "/metadata/name", "value": "{{ .Object.GetName }}-{{ .Cluster.GetName }}"},
			map[string]any{"path": "/status?/inventory?", "type": "remove"},
		},
		"syncStatus": true,
	}})
}

func rule(name string, kind schema.GroupVersionKind, how map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": clusterregistryv1alpha1.GroupVersion.String(),
		"kind":       clusterregistryv1alpha1.KindResourceSyncRule,
		"metadata": map[string]any{
			"name":        name,
			"annotations": map[string]any{clusterregistryv1alpha1.SyncDisabledAnnotation: "true"},
		},
		"spec": map[string]any{
			"groupVersionKind": map[string]any{"group": kind.Group, "version": kind.Version, "kind": kind.Kind},
			"rules":            []any{how},
		},
	}}
}
