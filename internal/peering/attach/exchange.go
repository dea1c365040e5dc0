package attach

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/registry"
)

func ownerOf(object metav1.Object) string {
	return object.GetAnnotations()[clusterregistryv1alpha1.OwnershipAnnotation]
}

// ownCluster is the Cluster of a cluster itself, with the credentials that its registry made; nil as long as there are
// none.
func ownCluster(ctx context.Context, c client.Client, id string) (*clusterregistryv1alpha1.Cluster, *corev1.Secret, error) {
	known, err := clusterWithID(ctx, c, id)
	if err != nil || known == nil {
		return nil, nil, err
	}
	secret := &corev1.Secret{}
	err = c.Get(ctx, secretKey(known), secret)
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read Secret %s: %w", secretKey(known), err)
	}
	return known, secret, nil
}

func clusterWithID(ctx context.Context, c client.Client, id string) (*clusterregistryv1alpha1.Cluster, error) {
	var list clusterregistryv1alpha1.ClusterList
	if err := c.List(ctx, &list); ignoreAbsence(err) != nil {
		return nil, fmt.Errorf("list Clusters: %w", err)
	}
	for i := range list.Items {
		if list.Items[i].Spec.ClusterID == id {
			return &list.Items[i], nil
		}
	}
	return nil, nil
}

func secretKey(known *clusterregistryv1alpha1.Cluster) client.ObjectKey {
	return client.ObjectKey{Namespace: known.Spec.AuthInfo.SecretRef.Namespace, Name: known.Spec.AuthInfo.SecretRef.Name}
}

// introduce gives a cluster the Cluster and the credentials of another. From then on their registries keep both up to
// date.
func introduce(ctx context.Context, to client.Client, known *clusterregistryv1alpha1.Cluster, secret *corev1.Secret) error {
	copied := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: secret.Namespace, Name: secret.Name}, Type: secret.Type, Data: secret.Data}
	if err := to.Create(ctx, copied); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bring the credentials of cluster %s: %w", known.Name, err)
	}
	cluster := &clusterregistryv1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: known.Name}, Spec: known.Spec}
	if err := to.Create(ctx, cluster); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bring Cluster %s: %w", known.Name, err)
	}
	return nil
}

// dismiss has the peers of a cluster forget another one, which cannot take its leave of them itself.
func dismiss(ctx context.Context, c client.Client, own string, known *clusterregistryv1alpha1.Cluster) error {
	was, err := clusterWithID(ctx, c, own)
	if err != nil || was == nil {
		return err
	}
	is, at := was.DeepCopy(), time.Now()
	if made := known.CreationTimestamp.Time; made.After(at) {
		at = made // by the cluster's clock, which is ahead
	}
	registry.Dismiss(is, known.Spec.ClusterID, at)
	if err := c.Patch(ctx, is, client.MergeFrom(was)); err != nil {
		return fmt.Errorf("note in Cluster %s that %s is detached: %w", was.Name, known.Name, err)
	}
	return nil
}

// forget takes a cluster out of what another knows: its Cluster and its credentials. Their copies go with them.
func forget(ctx context.Context, c client.Client, known *clusterregistryv1alpha1.Cluster) error {
	cluster := &clusterregistryv1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: known.Name}}
	if err := c.Delete(ctx, cluster); ignoreAbsence(err) != nil {
		return fmt.Errorf("delete Cluster %s: %w", known.Name, err)
	}
	key := secretKey(known)
	if key.Name == "" {
		return nil
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	if err := c.Delete(ctx, secret); ignoreAbsence(err) != nil {
		return fmt.Errorf("delete Secret %s: %w", key, err)
	}
	return nil
}

// forgetControlPlanes deletes what is known of the control planes of a cluster, "" for those of all.
func forgetControlPlanes(ctx context.Context, c client.Client, id string) error {
	var known servicemeshv1alpha1.PeerIstioControlPlaneList
	if err := c.List(ctx, &known); ignoreAbsence(err) != nil {
		return fmt.Errorf("list PeerIstioControlPlanes: %w", err)
	}
	for i := range known.Items {
		if owner := ownerOf(&known.Items[i]); id != "" && owner != id {
			continue
		}
		if err := c.Delete(ctx, &known.Items[i]); ignoreAbsence(err) != nil {
			return fmt.Errorf("delete PeerIstioControlPlane %s: %w", known.Items[i].Name, err)
		}
	}
	return nil
}

// forgetGroup deletes what the registry of a cluster makes for itself to be one of a group.
func forgetGroup(ctx context.Context, c client.Client) error {
	core := client.MatchingLabels{clusterregistryv1alpha1.CoreResourceLabel: "true"}
	for _, kind := range []client.Object{&clusterregistryv1alpha1.ResourceSyncRule{}, &clusterregistryv1alpha1.ClusterFeature{}} {
		if err := c.DeleteAllOf(ctx, kind, core); ignoreAbsence(err) != nil {
			return fmt.Errorf("delete what the cluster registry made: %w", err)
		}
	}
	return nil
}

// say changes a ControlPlane that is there, and nothing in it but what differs.
func say(ctx context.Context, c client.Client, was, is *smmv1alpha1.ControlPlane) error {
	patch := client.MergeFrom(was)
	data, err := patch.Data(is)
	if err != nil {
		return fmt.Errorf("compare ControlPlane %s: %w", was.Name, err)
	}
	if string(data) == "{}" {
		return nil
	}
	if err := c.Patch(ctx, was.DeepCopy(), client.RawPatch(types.MergePatchType, data)); err != nil {
		return fmt.Errorf("change ControlPlane %s: %w", was.Name, err)
	}
	return nil
}
