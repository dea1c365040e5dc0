package kube

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// parallelReads bounds the requests that observe a set of objects at the same time.
const parallelReads = 8

// Applier applies sets of objects by server-side apply. It writes only objects that would change:
// a dry run tells, and what was found unchanged is remembered, so that a repeated call costs one
// read an object. It is safe for concurrent use.
type Applier struct {
	client client.Client
	log    *slog.Logger

	mu   sync.Mutex
	seen map[Ref]state
}

// NewApplier returns an Applier that writes through the given client.
func NewApplier(c client.Client) *Applier {
	return &Applier{client: c, log: slog.New(slog.DiscardHandler), seen: map[Ref]state{}}
}

// LogTo has every write logged, and returns the Applier.
func (a *Applier) LogTo(log *slog.Logger) *Applier {
	a.log = log
	return a
}

// step is one object with the decision about it.
type step struct {
	object *unstructured.Unstructured
	digest [sha256.Size]byte
	change Change
	drift  *Drift // what others did to it, nil for nothing
}

// Prepared is a set of objects that is ready to be applied on behalf of an owner. It can be applied again and again.
type Prepared struct{ steps []step }

// Prepare marks the objects as the owner's and sorts them, as SortForApply does. It changes copies only.
func Prepare(owner Owner, objects []*unstructured.Unstructured) (Prepared, error) {
	sorted := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		sorted[i] = object.DeepCopy()
		owner.mark(sorted[i])
		if err := sign(sorted[i]); err != nil {
			return Prepared{}, err
		}
	}
	SortForApply(sorted)
	steps := make([]step, len(sorted))
	for i, object := range sorted {
		digest, err := digestOf(object)
		if err != nil {
			return Prepared{}, fmt.Errorf("encode %s: %w", RefOf(object), err)
		}
		steps[i] = step{object: object, digest: digest}
	}
	return Prepared{steps}, nil
}

// Apply brings the objects to the cluster on behalf of the owner, in the order of SortForApply.
// It takes over fields that others manage. On error the report tells what was written before.
func (a *Applier) Apply(ctx context.Context, owner Owner, objects []*unstructured.Unstructured) (Report, error) {
	prepared, err := Prepare(owner, objects)
	if err != nil {
		return nil, err
	}
	return a.ApplyPrepared(ctx, prepared)
}

// ApplyPrepared is Apply for objects that were prepared before.
func (a *Applier) ApplyPrepared(ctx context.Context, prepared Prepared) (Report, error) {
	steps := slices.Clone(prepared.steps)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for i := range steps {
		group.Go(func() error {
			return a.decide(groupCtx, &steps[i])
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}

	var report Report
	for _, s := range steps {
		if s.change != Unchanged {
			if err := a.write(ctx, s); err != nil {
				return report, err
			}
		}
		report = append(report, ObjectChange{Ref: RefOf(s.object), Change: s.change})
	}
	return report, nil
}

// decide observes the live object and notes what applying the desired one would do.
func (a *Applier) decide(ctx context.Context, s *step) error {
	ref := RefOf(s.object)
	unchanged, err := a.unchanged(ctx, s.object, s.digest)
	s.change = Unchanged
	if err != nil || unchanged {
		return err
	}
	known, before := a.recall(ref)
	before = before && known.desired == s.digest
	live := newObject(ref)
	err = a.client.Get(ctx, client.ObjectKeyFromObject(s.object), live)
	if apierrors.IsNotFound(err) {
		s.change = Created
		if before {
			s.drift = &Drift{Ref: ref, Deleted: true}
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", ref, err)
	}

	dryRun := s.object.DeepCopy()
	if err := a.apply(ctx, dryRun, client.DryRunAll); err != nil {
		return fmt.Errorf("check %s: %w", ref, err)
	}
	if !sameObject(live, dryRun) {
		s.change = Configured
		if before || live.GetAnnotations()[OwnerAnnotation] == s.object.GetAnnotations()[OwnerAnnotation] {
			s.drift = driftOf(live, dryRun, before)
		}
		return nil
	}
	a.remember(ref, stateOf(s.digest, live))
	return nil
}

// unchanged tells whether both the desired and the live object are what they were when applying
// changed nothing. It reads the live object's metadata only, because some objects are large.
func (a *Applier) unchanged(ctx context.Context, desired *unstructured.Unstructured, digest [sha256.Size]byte) (bool, error) {
	ref := RefOf(desired)
	known, ok := a.recall(ref)
	if (!ok || known.desired != digest) && !signed(desired) {
		return false, nil
	}
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(ref.GVK())
	err := a.client.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, live)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", ref, err)
	}
	return known.desired == digest && known.holds(live, desired) || untouched(desired, live), nil
}

func (a *Applier) write(ctx context.Context, s step) error {
	ref := RefOf(s.object)
	applied := s.object.DeepCopy()
	if err := a.apply(ctx, applied); err != nil {
		return fmt.Errorf("apply %s: %w", ref, err)
	}
	a.log.Info("applied", "object", ref.String(), "change", string(s.change))
	if s.drift != nil {
		a.log.Warn("put back what somebody else changed", "drift", s.drift.String())
		NoteDrift(ctx, *s.drift)
	}
	a.remember(ref, stateOf(s.digest, applied))
	return nil
}

func (a *Applier) apply(ctx context.Context, object *unstructured.Unstructured, options ...client.ApplyOption) error {
	options = append(options, client.FieldOwner(FieldManager), client.ForceOwnership)
	return a.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), options...)
}

func digestOf(object *unstructured.Unstructured) ([sha256.Size]byte, error) {
	encoded, err := json.Marshal(object.Object)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256(encoded), nil
}

func newObject(ref Ref) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(ref.GVK())
	object.SetNamespace(ref.Namespace)
	object.SetName(ref.Name)
	return object
}
