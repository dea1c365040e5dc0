package attach

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/registry"
)

// farewell is how long other clusters may take to notice that one leaves.
const farewell = 15 * time.Second

// Detachment takes one cluster out of the mesh.
type Detachment struct {
	// Cluster is its name.
	Cluster string

	first Cluster
	peer  *Cluster // nil for one that does not answer
	id    string
	own   string // ID of the first
	force bool
}

// PrepareDetach finds the cluster to detach: by access to it, or by its name where it does not answer. Nothing is
// written. Unless forced, a passive cluster whose workloads use the mesh is refused.
func PrepareDetach(ctx context.Context, first Cluster, peer *Cluster, name string, force bool) (*Detachment, error) {
	d := &Detachment{Cluster: name, first: first, peer: peer, force: force}
	var known clusterregistryv1alpha1.ClusterList
	if err := first.Client.List(ctx, &known); ignoreAbsence(err) != nil {
		return nil, fmt.Errorf("list Clusters: %w", err)
	}
	own, err := observe(ctx, first.Client)
	if err != nil {
		return nil, err
	}
	d.own = own.id
	if err := d.askPeer(ctx); err != nil {
		return nil, err
	}
	found, names := d.find(known.Items, own.id, name)
	switch {
	case found:
		return d, nil
	case d.id == own.id:
		return nil, errors.New("the kubeconfig is for the cluster that others are attached to: give that of the cluster to detach")
	case d.id != "" && force:
		return d, nil // what an interrupted attempt left is removed
	case len(names) == 0:
		return nil, errors.New("no cluster is attached")
	}
	slices.Sort(names)
	return nil, fmt.Errorf("the cluster is not attached; attached are %s", strings.Join(names, ", "))
}

// askPeer asks the cluster, if it answers, who it is and whether it may go.
func (d *Detachment) askPeer(ctx context.Context) error {
	if d.peer == nil {
		return nil
	}
	seen, err := observe(ctx, d.peer.Client)
	if err != nil {
		return fmt.Errorf("peer cluster: %w", err)
	}
	d.id = seen.id
	if !passive(seen) || seen.platform == nil || d.force {
		return nil
	}
	return d.peer.Installer.InUse(ctx, seen.platform.Name)
}

// find looks for the cluster among the attached ones and returns the names of those before it.
func (d *Detachment) find(known []clusterregistryv1alpha1.Cluster, own, name string) (found bool, names []string) {
	for i := range known {
		cluster := &known[i]
		if cluster.Spec.ClusterID == own {
			continue
		}
		names = append(names, cluster.Name)
		if cluster.Spec.ClusterID == d.id || d.id == "" && cluster.Name == name {
			d.id, d.Cluster = cluster.Spec.ClusterID, cluster.Name
			return true, names
		}
	}
	return false, names
}

func passive(seen observation) bool {
	return seen.icp != nil && seen.icp.Spec.Mode == servicemeshv1alpha1.ModePassive
}

// Run detaches the cluster. A passive one is uninstalled, an active one goes on by itself.
func (d *Detachment) Run(ctx context.Context, watch Watch) error {
	if d.peer != nil {
		if err := d.takeLeave(ctx, watch); err != nil {
			return fmt.Errorf("cluster %s: %w", d.Cluster, err)
		}
	}
	known, err := clusterWithID(ctx, d.first.Client, d.id)
	if err != nil {
		return err
	}
	if d.peer == nil && known != nil {
		if err := dismiss(ctx, d.first.Client, d.own, known); err != nil {
			return err
		}
	}
	if known != nil {
		if err := forget(ctx, d.first.Client, known); err != nil {
			return err
		}
	}
	if err := forgetControlPlanes(ctx, d.first.Client, d.id); err != nil {
		return err
	}
	if d.peer != nil {
		if err := d.clearPeer(ctx, watch); err != nil {
			return fmt.Errorf("cluster %s: %w", d.Cluster, err)
		}
	}
	first, err := observe(ctx, d.first.Client)
	if err != nil || first.platform == nil {
		return err
	}
	return d.first.Installer.Reconcile(ctx, first.platform.Name, told(first.platform.Spec.ClusterName, watch))
}

// takeLeave has the cluster give up its place in the group, which all others notice by themselves: its registry is
// stopped, its credentials and its own Cluster are deleted, and others still may read that.
func (d *Detachment) takeLeave(ctx context.Context, watch Watch) error {
	own, err := clusterWithID(ctx, d.peer.Client, d.id)
	if err != nil || own == nil {
		return err
	}
	namespace := secretKey(own).Namespace
	controller := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: registry.ControllerName}}
	if err := d.peer.Client.Delete(ctx, controller, client.PropagationPolicy(metav1.DeletePropagationForeground)); ignoreAbsence(err) != nil {
		return fmt.Errorf("stop the cluster registry: %w", err)
	}
	err = until(ctx, watch, func(ctx context.Context) (string, error) {
		var pods corev1.PodList
		err := d.peer.Client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels(registry.PodLabels()))
		if len(pods.Items) == 0 {
			return "", err
		}
		return d.Cluster + ": the cluster registry to stop", err
	})
	if err != nil {
		return err
	}
	if err := forget(ctx, d.peer.Client, own); err != nil {
		return err
	}
	noticed, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	err = until(noticed, watch, func(ctx context.Context) (string, error) {
		known, err := clusterWithID(ctx, d.first.Client, d.id)
		if known == nil {
			return "", err
		}
		return "the other clusters to notice that " + d.Cluster + " leaves", err
	})
	if ctx.Err() != nil {
		return err
	}
	return nil // where the registry does not run, what it would do is done from here
}

// clearPeer removes from the cluster what it knows of the others, what attaching brought, and what the registry made.
func (d *Detachment) clearPeer(ctx context.Context, watch Watch) error {
	if err := d.uninstallPeer(ctx, watch); err != nil {
		return err
	}
	return forgetGroup(ctx, d.peer.Client)
}

func (d *Detachment) uninstallPeer(ctx context.Context, watch Watch) error {
	seen, err := observe(ctx, d.peer.Client)
	if err != nil {
		return err
	}
	var known clusterregistryv1alpha1.ClusterList
	if err := d.peer.Client.List(ctx, &known); ignoreAbsence(err) != nil {
		return fmt.Errorf("list Clusters: %w", err)
	}
	for i := range known.Items {
		if err := forget(ctx, d.peer.Client, &known.Items[i]); err != nil {
			return err
		}
	}
	if err := forgetControlPlanes(ctx, d.peer.Client, ""); err != nil {
		return err
	}
	switch {
	case seen.platform == nil:
		return nil
	case passive(seen):
		_, _, err := d.peer.Installer.Uninstall(ctx, seen.platform.Name, told(d.Cluster, watch))
		return err
	}
	is := seen.platform.DeepCopy()
	off := false
	if is.Spec.ClusterRegistry != nil {
		is.Spec.ClusterRegistry.Enabled = &off
	}
	if err := say(ctx, d.peer.Client, seen.platform, is); err != nil {
		return err
	}
	return d.peer.Installer.Reconcile(ctx, is.Name, told(d.Cluster, watch))
}
