package node

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"k8s.io/component-helpers/apimachinery/lease"
	"k8s.io/utils/clock"
)

const (
	leaseSeconds   = 40
	renewEvery     = 10 * time.Second
	reportEvery    = 5 * time.Minute
	registerPause  = 500 * time.Millisecond
	leaseNamespace = corev1.NamespaceNodeLease
)

// isStartupTaint says that a node gets a taint as long as it is not known to be ready. The node removes it
// itself, so that pods can be scheduled before the node's controller looks at it.
func isStartupTaint(taint corev1.Taint) bool {
	return taint.Key == corev1.TaintNodeNotReady || taint.Key == corev1.TaintNodeUnreachable
}

// register makes the Node object what it should be, and creates it first if there is none. It writes only
// what has changed, but the status at least every five minutes.
func (a *agent) register(ctx context.Context) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		node, err := a.ensureNode(ctx)
		if err != nil {
			return err
		}
		nodes, now := a.Client.CoreV1().Nodes(), time.Now()
		if status := nodeStatus(node.Status, a.Config, a.machine, now); reportDue(node.Status, status, now) {
			node.Status = status
			if node, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
				return err
			}
		}
		wanted := node.DeepCopy()
		if wanted.Labels == nil {
			wanted.Labels = map[string]string{}
		}
		maps.Copy(wanted.Labels, nodeLabels(a.Config))
		wanted.Spec.Taints = slices.DeleteFunc(wanted.Spec.Taints, isStartupTaint)
		if maps.Equal(node.Labels, wanted.Labels) && len(node.Spec.Taints) == len(wanted.Spec.Taints) {
			return nil
		}
		_, err = nodes.Update(ctx, wanted, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("registering node %s: %w", a.NodeName, err)
	}
	return nil
}

// reportDue says that a status is to be written: it differs from the present one, which the cluster's
// controllers may have changed while the node was silent, or that is old.
func reportDue(present, wanted corev1.NodeStatus, now time.Time) bool {
	for i := range present.Conditions {
		if now.Sub(present.Conditions[i].LastHeartbeatTime.Time) >= reportEvery {
			return true
		}
	}
	wanted = *wanted.DeepCopy()
	for i := range wanted.Conditions {
		if i < len(present.Conditions) {
			wanted.Conditions[i].LastHeartbeatTime = present.Conditions[i].LastHeartbeatTime
		}
	}
	return !equality.Semantic.DeepEqual(present, wanted)
}

func (a *agent) ensureNode(ctx context.Context) (*corev1.Node, error) {
	nodes := a.Client.CoreV1().Nodes()
	node, err := nodes.Get(ctx, a.NodeName, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return node, err
	}
	network := a.PodNetwork.String()
	node, err = nodes.Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: a.NodeName, Labels: nodeLabels(a.Config)},
		Spec:       corev1.NodeSpec{PodCIDR: network, PodCIDRs: []string{network}},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nodes.Get(ctx, a.NodeName, metav1.GetOptions{})
	}
	return node, err
}

// keepRegistered looks after the Node object and the node's lease until ctx ends. Registered is called
// once, when the node is registered for the first time.
func (a *agent) keepRegistered(ctx context.Context, registered func()) {
	for pause := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if err := a.register(ctx); err != nil {
			if ctx.Err() == nil {
				a.log.Warn("cannot register", "error", err)
			}
			pause = registerPause
			continue
		}
		if registered != nil {
			a.working.Go(func() { a.lease().Run(ctx) })
			registered()
			registered = nil
		}
		pause = renewEvery
	}
}

// lease renews the lease by which the cluster knows that the node lives.
func (a *agent) lease() lease.Controller {
	return lease.NewController(clock.RealClock{}, a.Client, a.NodeName, leaseSeconds, nil, renewEvery,
		a.NodeName, leaseNamespace, func(l *coordinationv1.Lease) error { return a.ownLease(l) })
}

// ownLease makes the lease go when the Node object does.
func (a *agent) ownLease(l *coordinationv1.Lease) error {
	if len(l.OwnerReferences) > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), renewEvery)
	defer cancel()
	node, err := a.Client.CoreV1().Nodes().Get(ctx, a.NodeName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading node %s for its lease: %w", a.NodeName, err)
	}
	l.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}}
	return nil
}
