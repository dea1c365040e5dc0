package installation

import (
	"context"
	"errors"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/operator"
)

// Removable fails when there is no operator in the namespace that Install brought there. The error
// says where there is one, and who brought it.
func (i *Installer) Removable(ctx context.Context, namespace string) error {
	known, err := i.inventory(namespace).read(ctx)
	if err != nil || len(known) > 0 {
		return err
	}
	found, err := Find(ctx, i.client)
	switch {
	case err != nil:
		return err
	case found == nil:
		return errors.New("there is no operator on the cluster")
	case found.Namespace != namespace:
		return fmt.Errorf("there is no operator in namespace %s but one in %s (%s): give --namespace %s", namespace, found.Namespace, found.Evidence, found.Namespace)
	}
	return fmt.Errorf("the operator (%s) was not brought by `smm operator install`: remove it with what brought it, such as `helm uninstall`", found.Evidence)
}

// Uninstall removes the operator that Install brought, waits until it has ended, and leaves
// everything that it manages as it is. Custom resource definitions and the namespace are kept.
func (i *Installer) Uninstall(ctx context.Context, namespace string, watch func(waiting string)) error {
	record := i.inventory(namespace)
	known, err := record.read(ctx)
	if err != nil {
		return err
	}
	// What the operator needs to end orderly goes after it.
	for _, refs := range [][]kube.Ref{workloads(known), known} {
		if _, err := i.applier.Remove(ctx, owner(), refs); err != nil {
			return err
		}
		if err := i.awaitEnd(ctx, namespace, watch); err != nil {
			return err
		}
	}
	lease := &coordinationv1.Lease{}
	lease.Namespace, lease.Name = namespace, operator.LeaseName
	if err := i.client.Delete(ctx, lease); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete Lease %s/%s: %w", namespace, lease.Name, err)
	}
	return record.remove(ctx)
}

func workloads(refs []kube.Ref) []kube.Ref {
	var found []kube.Ref
	for _, ref := range refs {
		if ref.Kind == "Deployment" {
			found = append(found, ref)
		}
	}
	return found
}
