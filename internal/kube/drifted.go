package kube

import (
	"context"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// DriftedCondition tells what somebody else changed of a resource's objects and when that was
	// put back. Its status is False, because what was put back is no drift any more.
	DriftedCondition = "Drifted"
	// ReasonPutBack is its reason, and that of the event.
	ReasonPutBack = "PutBack"

	// maxDrifts bounds how many objects are named.
	maxDrifts = 10
)

// drifts collects what a round puts back.
type drifts struct {
	mu    sync.Mutex
	found []Drift
}

type driftsKey struct{}

// collectDrifts returns a context in which NoteDrift adds to the returned drifts.
func collectDrifts(ctx context.Context) (context.Context, *drifts) {
	collected := &drifts{}
	return context.WithValue(ctx, driftsKey{}, collected), collected
}

// NoteDrift has the round that runs in the context tell of a drift. The Applier notes what it puts
// back by itself.
func NoteDrift(ctx context.Context, drift Drift) {
	if collected, ok := ctx.Value(driftsKey{}).(*drifts); ok {
		collected.mu.Lock()
		defer collected.mu.Unlock()
		collected.found = append(collected.found, drift)
	}
}

// first names the first object that was put back, nil for none.
func (d *drifts) first() *corev1.ObjectReference {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.found) == 0 {
		return nil
	}
	ref := d.found[0].Ref
	version, kind := ref.GVK().ToAPIVersionAndKind()
	return &corev1.ObjectReference{APIVersion: version, Kind: kind, Namespace: ref.Namespace, Name: ref.Name}
}

// message says in words what was put back, "" for nothing.
func (d *drifts) message() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var parts []string
	for i, drift := range d.found {
		if i == maxDrifts {
			parts = append(parts, fmt.Sprintf("and %d more objects", len(d.found)-maxDrifts))
			break
		}
		parts = append(parts, drift.String())
	}
	return strings.Join(parts, "; ")
}

// setDrifted notes in the conditions what was put back now.
func setDrifted(conditions *[]metav1.Condition, generation int64, message string) {
	noted := metav1.Condition{
		Type:               DriftedCondition,
		Status:             metav1.ConditionFalse,
		ObservedGeneration: generation,
		LastTransitionTime: metav1.Now(),
		Reason:             ReasonPutBack,
		Message:            message,
	}
	if known := meta.FindStatusCondition(*conditions, DriftedCondition); known != nil {
		*known = noted
		return
	}
	*conditions = append(*conditions, noted)
}

// shortened fits a message into an event, whose note has 1024 bytes at most.
func shortened(message string) string {
	const most = 1000
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}
