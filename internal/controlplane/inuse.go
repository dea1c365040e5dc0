package controlplane

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/revision/census"
)

// usersRecheck is how often a deleted control plane that is in use looks for its users again: all
// pods of the cluster are read for it.
const usersRecheck = 10 * time.Second

// users says who keeps the control plane from going, "" for nobody. What cannot be read is an
// error, and nothing is removed then.
func (l *logic) users(ctx context.Context, icp *v1alpha1.IstioControlPlane) (string, error) {
	if forced(icp) || len(icp.Status.Inventory) == 0 {
		return "", nil
	}
	if goes, err := l.namespaceGoes(ctx, icp.Namespace); err != nil || goes {
		return "", err // its istiod goes with it, whoever uses it
	}
	cluster, err := census.Take(ctx, l.client)
	if err != nil {
		return "", fmt.Errorf("look for users of the control plane: %w", err)
	}
	usage := cluster.UsageOf(revisionOf(icp))
	if !usage.Serving() && usage.InUse() {
		// Labels hold a control plane for the pods to come, unless the whole mesh goes.
		if goes, err := l.meshGoes(ctx, icp); err != nil || goes {
			return "", err
		}
	}
	return usage.String(), nil
}

// meshGoes tells whether the labels need no control plane: what made it is being removed with the whole mesh, or it is a
// passive one, whose labels follow those of another cluster.
func (l *logic) meshGoes(ctx context.Context, icp *v1alpha1.IstioControlPlane) (bool, error) {
	if icp.Spec.Mode == v1alpha1.ModePassive {
		return true, nil
	}
	kind, name, _ := strings.Cut(icp.Annotations[kube.OwnerAnnotation], "/")
	if kind != smmv1alpha1.KindControlPlane {
		return false, nil
	}
	var cp smmv1alpha1.ControlPlane
	err := l.client.Get(ctx, client.ObjectKey{Name: name}, &cp)
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("read ControlPlane %s: %w", name, err)
	}
	return cp.DeletionTimestamp != nil, nil
}

func (l *logic) namespaceGoes(ctx context.Context, name string) (bool, error) {
	var namespace corev1.Namespace
	if err := l.client.Get(ctx, client.ObjectKey{Name: name}, &namespace); err != nil {
		return false, fmt.Errorf("read namespace %s: %w", name, err)
	}
	return namespace.DeletionTimestamp != nil, nil
}

// forced tells that somebody wants the control plane to go whoever uses it.
func forced(icp *v1alpha1.IstioControlPlane) bool {
	return icp.Annotations[v1alpha1.AnnotationForceDeletion] == "true"
}

// heldBy notes who keeps a deleted control plane from going.
func heldBy(icp *v1alpha1.IstioControlPlane, users string) kube.Outcome {
	message := fmt.Sprintf("in use by %s: move them with `smm istio migrate`, or set the annotation %s=true", users, v1alpha1.AnnotationForceDeletion)
	meta.SetStatusCondition(&icp.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionInUse, Status: metav1.ConditionTrue, ObservedGeneration: icp.Generation,
		Reason: "ControlPlaneInUse", Message: message,
	})
	return kube.Outcome{Waiting: fmt.Sprintf("control plane %s is %s", revisionOf(icp).Label(), message), RequeueAfter: usersRecheck}
}
