package kube

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sync makes the owner's objects on the cluster exactly the desired ones: it applies them and
// prunes those of the previous inventory that are no longer desired. The inventory is recorded
// before anything is created and again after the prune, so that an interruption at any write
// leaves no object that nobody knows. record is called only with an inventory that differs from
// the one recorded last.
func (a *Applier) Sync(ctx context.Context, owner Owner, desired []*unstructured.Unstructured, previous []Ref, record func(context.Context, []Ref) error) (Report, error) {
	wanted := RefsOf(desired)
	if len(Difference(wanted, previous)) > 0 {
		if err := record(ctx, Union(previous, wanted)); err != nil {
			return nil, err
		}
	}
	report, err := a.Apply(ctx, owner, desired)
	if err != nil {
		return report, err
	}
	obsolete := Difference(previous, wanted)
	if len(obsolete) == 0 {
		return report, nil
	}
	pruned, err := a.Remove(ctx, owner, obsolete)
	report = append(report, pruned...)
	if err != nil {
		return report, err
	}
	return report, record(ctx, wanted)
}
