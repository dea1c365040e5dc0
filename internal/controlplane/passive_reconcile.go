package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/peering"
)

// resolveTimeout is how long the name of a peer's gateway may take to be resolved.
const resolveTimeout = 5 * time.Second

// noPeer tells what a passive control plane needs first.
const noPeer = "a passive control plane needs the control plane of a peer cluster, and no peer is attached"

// reconcilePassive keeps what leads to a peer's istiod. What the peer is not known to have is left as it is.
func (l *logic) reconcilePassive(ctx context.Context, icp *v1alpha1.IstioControlPlane, save kube.Save) (kube.Outcome, error) {
	icp.Status.ObservedGeneration = icp.Generation
	describeUnsupported(icp)
	peers, err := l.peers(ctx, icp)
	if err != nil {
		return kube.Outcome{}, err
	}
	active := peering.Active(icp, peers)
	if active == nil {
		setState(icp, v1alpha1.ConfigStateUnmanaged, noPeer)
		return kube.Done(), nil
	}
	describeActive(icp, active)
	remote := Remote{Root: active.Status.CARootCertificate}
	if remote.Addresses, err = resolve(ctx, active.IstiodAddresses(peering.NetworkOf(&icp.Spec))); err != nil {
		return kube.Outcome{}, err
	}
	if len(remote.Addresses) == 0 || remote.Root == "" {
		waiting := fmt.Sprintf("the control plane of cluster %s does not tell yet where its istiod is reached from here", active.Cluster)
		setIstiodReady(icp, v1alpha1.ConfigStateReconciling, waiting)
		setState(icp, v1alpha1.ConfigStateReconciling, waiting)
		return kube.Wait(waiting), nil
	}
	if remote.Namespaces, err = l.followInjection(ctx, icp, active); err != nil {
		return kube.Outcome{}, err
	}
	return l.applyPassive(ctx, icp, active, remote, save)
}

func (l *logic) applyPassive(ctx context.Context, icp *v1alpha1.IstioControlPlane, active *peering.Peer, remote Remote, save kube.Save) (kube.Outcome, error) {
	release, err := l.releases.Release(ctx, icp.Spec.Version)
	if err != nil {
		return kube.Outcome{}, err
	}
	all, err := l.list(ctx)
	if err != nil {
		return kube.Outcome{}, err
	}
	// Applications bring Istio's resources along, although those of the active cluster count.
	if err := l.applyCRDs(ctx, release, all); err != nil {
		return kube.Outcome{}, err
	}
	icp.Status.InjectionNamespaces = remote.Namespaces
	if !slices.Contains(remote.Namespaces, icp.Namespace) {
		remote.Namespaces = append([]string{icp.Namespace}, remote.Namespaces...) // for the mesh expansion gateway
	}
	objects, err := Passive(icp, release, remote, l.kubernetesVersion)
	if err != nil {
		return kube.Outcome{}, err
	}
	expansion, err := MeshExpansion(icp)
	if err != nil {
		return kube.Outcome{}, err
	}
	if err := l.sync(ctx, icp, objects, kube.RefsOf(expansion), save); err != nil {
		return kube.Outcome{}, err
	}
	message := fmt.Sprintf("the istiod of cluster %s is used", active.Cluster)
	setIstiodReady(icp, v1alpha1.ConfigStateAvailable, message)
	waiting, err := l.expand(ctx, icp, expansion, kube.RefsOf(objects), save)
	if err != nil {
		return kube.Outcome{}, err
	}
	if waiting != "" {
		setState(icp, v1alpha1.ConfigStateReconciling, waiting)
		return kube.Wait(waiting), nil
	}
	setState(icp, v1alpha1.ConfigStateAvailable, message)
	outcome := kube.Done()
	outcome.RequeueAfter = unwatchedRecheck
	return outcome, nil
}

// describeActive tells what the peer's istiod means for this cluster.
func describeActive(icp *v1alpha1.IstioControlPlane, active *peering.Peer) {
	status := &icp.Status
	status.ErrorMessage = ""
	status.ClusterID = orDefault(icp.Spec.ClusterID, DefaultClusterID)
	status.IstioControlPlaneName = icp.Name
	status.CARootCertificate = active.Status.CARootCertificate
	status.MeshConfig = active.Status.MeshConfig
	status.Checksums = active.Status.Checksums
}

// followInjection gives the cluster's namespaces the injection labels that those of the active cluster have, as
// documented, and returns the namespaces that have it.
func (l *logic) followInjection(ctx context.Context, icp *v1alpha1.IstioControlPlane, active *peering.Peer) ([]string, error) {
	var namespaces corev1.NamespaceList
	if err := l.client.List(ctx, &namespaces); err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	var injected []string
	for i := range namespaces.Items {
		namespace := &namespaces.Items[i]
		label, labelled := namespace.Labels[istio.RevisionLabel]
		wanted := slices.Contains(active.Status.InjectionNamespaces, namespace.Name)
		if wanted {
			injected = append(injected, namespace.Name)
		}
		switch {
		case namespace.DeletionTimestamp != nil, wanted && labelled, !wanted && (!labelled || !revisionOf(icp).Selects(label)):
			continue
		}
		value := "null"
		if wanted {
			value = fmt.Sprintf("%q", revisionOf(icp).Label())
		}
		patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%s}}}`, istio.RevisionLabel, value)
		if err := l.client.Patch(ctx, namespace, client.RawPatch(types.MergePatchType, []byte(patch))); client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("label namespace %s: %w", namespace.Name, err)
		}
	}
	slices.Sort(injected)
	return injected, nil
}

// resolve finds the IP addresses of host names; what is an address stays.
func resolve(ctx context.Context, names []string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	var addresses []string
	var errs []error
	for _, name := range names {
		if net.ParseIP(name) != nil {
			addresses = append(addresses, name)
			continue
		}
		found, err := net.DefaultResolver.LookupHost(ctx, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("resolve the peer's gateway %s: %w", name, err))
		}
		addresses = append(addresses, found...)
	}
	slices.Sort(addresses)
	if len(addresses) > 0 {
		return slices.Compact(addresses), nil
	}
	return nil, errors.Join(errs...)
}
