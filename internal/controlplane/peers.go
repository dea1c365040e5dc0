package controlplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/peering"
	"github.com/meshmanager/smm/internal/registry"
)

// peers are the mesh's control planes in other clusters, as far as this cluster has been told.
func (l *logic) peers(ctx context.Context, icp *v1alpha1.IstioControlPlane) ([]peering.Peer, error) {
	var known v1alpha1.PeerIstioControlPlaneList
	if err := l.client.List(ctx, &known, client.InNamespace(icp.Namespace)); err != nil && !meta.IsNoMatchError(err) {
		return nil, fmt.Errorf("list PeerIstioControlPlanes: %w", err)
	}
	return peering.Peers(icp, known.Items), nil
}

// remotes are the Secrets with which istiod reads from the clusters of peers, made of the credentials by which the
// cluster registry knows them. unknown are those of peers whose credentials cannot be had now: they are kept.
func (l *logic) remotes(ctx context.Context, icp *v1alpha1.IstioControlPlane, peers []peering.Peer) (secrets []*unstructured.Unstructured, unknown []kube.Ref, err error) {
	if len(peers) == 0 {
		return nil, nil, nil
	}
	var clusters clusterregistryv1alpha1.ClusterList
	if err := l.client.List(ctx, &clusters); err != nil && !meta.IsNoMatchError(err) {
		return nil, nil, fmt.Errorf("list Clusters: %w", err)
	}
	seen := map[string]bool{orDefault(icp.Spec.ClusterID, DefaultClusterID): true}
	for i := range peers {
		peer := &peers[i]
		if peer.Cluster == "" || seen[peer.Cluster] {
			continue // a cluster with two control planes has one Secret; one with this cluster's name has none
		}
		seen[peer.Cluster] = true
		kubeconfig, err := l.kubeconfigOf(ctx, icp, clusters.Items, peer.ID)
		if err != nil {
			return nil, nil, err
		}
		if kubeconfig == nil {
			unknown = append(unknown, kube.Ref{Version: "v1", Kind: "Secret", Namespace: icp.Namespace, Name: peering.RemoteSecretName(peer.Cluster)})
			continue
		}
		secrets = append(secrets, peering.RemoteSecret(icp.Namespace, peer.Cluster, kubeconfig))
	}
	return secrets, unknown, nil
}

// kubeconfigOf is the kubeconfig of the cluster with the ID for clients of the control plane's network; nil when there
// is none that can be used.
func (l *logic) kubeconfigOf(ctx context.Context, icp *v1alpha1.IstioControlPlane, clusters []clusterregistryv1alpha1.Cluster, id string) ([]byte, error) {
	for i := range clusters {
		cluster := &clusters[i]
		reference := cluster.Spec.AuthInfo.SecretRef
		if cluster.Spec.ClusterID != id || reference.Name == "" {
			continue
		}
		secret := &corev1.Secret{}
		err := l.client.Get(ctx, client.ObjectKey{Namespace: reference.Namespace, Name: reference.Name}, secret)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("read Secret %s/%s: %w", reference.Namespace, reference.Name, err)
		}
		config, err := registry.Kubeconfig(&cluster.Spec, peering.NetworkOf(&icp.Spec), secret.Data[clusterregistryv1alpha1.KubeconfigKey])
		if err != nil {
			return nil, nil //nolint:nilerr // the status of the Cluster says what is wrong
		}
		encoded, err := clientcmd.Write(*config)
		if err != nil {
			return nil, fmt.Errorf("write the kubeconfig of cluster %s: %w", cluster.Name, err)
		}
		return encoded, nil
	}
	return nil, nil
}
