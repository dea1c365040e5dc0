package controlplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// standsAlone tells whether the control plane's CNI plugin is run by Multus, for the pods that ask
// for it, instead of being chained to the cluster's own.
func standsAlone(icp *v1alpha1.IstioControlPlane) bool {
	cni := cniOf(icp.Spec.ProxyInit)
	return cni != nil && providerOf(cni) == providerMultus
}

// networkAttachment lets pods of a namespace ask for the CNI plugin, under the documented name.
func networkAttachment(icp *v1alpha1.IstioControlPlane, namespace string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "k8s.cni.cncf.io/v1",
		"kind":       "NetworkAttachmentDefinition",
		"metadata":   map[string]any{"name": "istio-cni-" + icp.Name + "-" + icp.Namespace, "namespace": namespace},
	}}
}

// attachedNamespaces are those that get a network attachment: whose pods get a proxy of the control
// plane. Those whose attachment somebody else made keep that, and what is being deleted takes
// nothing new.
func (l *logic) attachedNamespaces(ctx context.Context, icp *v1alpha1.IstioControlPlane) ([]string, error) {
	if !standsAlone(icp) {
		return nil, nil
	}
	injected, err := InjectionNamespaces(ctx, l.client, revisionOf(icp))
	if err != nil {
		return nil, err
	}
	var attached []string
	for _, name := range injected {
		var namespace corev1.Namespace
		if err := l.client.Get(ctx, client.ObjectKey{Name: name}, &namespace); err != nil {
			return nil, fmt.Errorf("read namespace %s: %w", name, err)
		}
		if namespace.DeletionTimestamp != nil {
			continue
		}
		live := networkAttachment(icp, name)
		err := l.client.Get(ctx, client.ObjectKeyFromObject(live), live)
		switch {
		case apierrors.IsNotFound(err), meta.IsNoMatchError(err), err == nil && ownerOf(icp).Owns(live):
			attached = append(attached, name)
		case err != nil:
			return nil, fmt.Errorf("read NetworkAttachmentDefinition %s/%s: %w", name, live.GetName(), err)
		}
	}
	return attached, nil
}
