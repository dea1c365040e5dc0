package platform

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// parallelGateways is how many gateways are reconciled at the same time.
const parallelGateways = 4

// reconcileGateways reconciles every IstioMeshGateway. What is wrong with one stands in its status
// and stops neither the others nor the installation; a control plane that needs its gateway says so.
func (d *Driver) reconcileGateways(ctx context.Context) error {
	var all servicemeshv1alpha1.IstioMeshGatewayList
	if err := d.client.List(ctx, &all); err != nil {
		return fmt.Errorf("list IstioMeshGateways: %w", err)
	}
	var group errgroup.Group
	group.SetLimit(parallelGateways)
	for i := range all.Items {
		key := client.ObjectKeyFromObject(&all.Items[i])
		group.Go(func() error {
			outcome, err := d.istioMeshGateways.Reconcile(ctx, key)
			d.log.Debug("reconciled", "gateway", key.String(), "waiting", outcome.Waiting, "error", err)
			return nil
		})
	}
	return group.Wait()
}
