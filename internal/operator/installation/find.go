package installation

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/operator"
	"github.com/meshmanager/smm/internal/operator/chart"
)

// Found is an operator on a cluster, whoever brought it there.
type Found struct {
	// Namespace is where it runs.
	Namespace string
	// Evidence is what tells that it is there.
	Evidence string
}

// ManagedError tells that an operator manages the cluster, so that a command must not.
type ManagedError struct{ Found }

// Error says who manages the cluster and what to do.
func (e *ManagedError) Error() string {
	return fmt.Sprintf("an operator manages this cluster (%s): change or delete the ControlPlane with kubectl or in Git, or remove the operator first with `smm operator uninstall`", e.Evidence)
}

// Refuse returns a *ManagedError when an operator manages the cluster.
func Refuse(ctx context.Context, c client.Client) error {
	found, err := Find(ctx, c)
	if err != nil || found == nil {
		return err
	}
	return &ManagedError{*found}
}

// selector selects the Deployment and the pods of the operator, whatever brought them.
func selector() map[string]string {
	return map[string]string{"app.kubernetes.io/name": chart.Name}
}

// Find looks for an operator: for its Deployment, which says so also while no pod of it runs, and
// for the Lease of one that runs outside of the cluster. It returns nil when there is none.
func Find(ctx context.Context, c client.Client) (*Found, error) {
	var deployments appsv1.DeploymentList
	if err := c.List(ctx, &deployments, client.MatchingLabels(selector())); err != nil {
		return nil, fmt.Errorf("look for an operator: %w", err)
	}
	for _, d := range deployments.Items {
		return &Found{Namespace: d.Namespace, Evidence: "Deployment " + d.Namespace + "/" + d.Name}, nil
	}
	var leases coordinationv1.LeaseList
	if err := c.List(ctx, &leases, client.MatchingFields{"metadata.name": operator.LeaseName}); err != nil {
		return nil, fmt.Errorf("look for an operator: %w", err)
	}
	for _, lease := range leases.Items {
		if held(lease.Spec, time.Now()) {
			return &Found{Namespace: lease.Namespace, Evidence: "Lease " + lease.Namespace + "/" + lease.Name + " is held by " + *lease.Spec.HolderIdentity}, nil
		}
	}
	return nil, nil
}

// held tells whether somebody leads. Twice the term makes up for clocks that differ.
func held(lease coordinationv1.LeaseSpec, now time.Time) bool {
	if lease.HolderIdentity == nil || *lease.HolderIdentity == "" || lease.RenewTime == nil || lease.LeaseDurationSeconds == nil {
		return false
	}
	term := time.Duration(*lease.LeaseDurationSeconds) * time.Second
	return now.Before(lease.RenewTime.Add(2 * term))
}
