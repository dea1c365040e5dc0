package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// dismissals tell when clusters were taken out of the group although they did not answer, by ID. One that comes back is
// known by a Cluster that was made after that.
type dismissals map[string]time.Time

// Dismiss notes on a cluster's own Cluster that another one was taken out of the group, for its peers to see.
func Dismiss(own *v1alpha1.Cluster, id string, at time.Time) {
	noted := dismissalsOf(own)
	noted[id] = at
	var entries []string
	for _, id := range slices.Sorted(maps.Keys(noted)) {
		entries = append(entries, id+"="+noted[id].UTC().Format(time.RFC3339))
	}
	metav1.SetMetaDataAnnotation(&own.ObjectMeta, v1alpha1.DismissedAnnotation, strings.Join(entries, ","))
}

// dismissalsOf are what a Cluster tells. What cannot be read is left out.
func dismissalsOf(own *v1alpha1.Cluster) dismissals {
	found := dismissals{}
	for entry := range strings.SplitSeq(own.Annotations[v1alpha1.DismissedAnnotation], ",") {
		id, text, _ := strings.Cut(entry, "=")
		if at, err := time.Parse(time.RFC3339, strings.TrimSpace(text)); err == nil {
			found[strings.TrimSpace(id)] = at
		}
	}
	return found
}

// add takes over what another tells; the latest time counts.
func (d dismissals) add(others dismissals) {
	for id, at := range others {
		if at.After(d[id]) {
			d[id] = at
		}
	}
}

// cover tells whether what was made at a time for the cluster with the ID is from before it was dismissed.
func (d dismissals) cover(id string, made metav1.Time) bool {
	at, dismissed := d[id]
	return dismissed && !made.After(at)
}

// dismissed are the clusters that this one or a peer has dismissed.
func (d *directory) dismissed(clusters []v1alpha1.Cluster) dismissals {
	all := dismissals{}
	for i := range clusters {
		if clusters[i].Spec.ClusterID == d.local.id {
			all.add(dismissalsOf(&clusters[i]))
		}
	}
	for _, p := range d.peers {
		if itself := p.self(); itself != nil {
			all.add(dismissalsOf(itself))
		}
	}
	delete(all, d.local.id) // whoever dismissed this cluster does not read from it any more, and that is all
	return all
}

// forget deletes the Clusters that were dismissed, with their credentials, and returns those that stay.
func (d *directory) forget(ctx context.Context, clusters []v1alpha1.Cluster, dismissed dismissals) ([]v1alpha1.Cluster, error) {
	var stay []v1alpha1.Cluster
	var errs []error
	for i := range clusters {
		c := &clusters[i]
		if !dismissed.cover(c.Spec.ClusterID, c.CreationTimestamp) {
			stay = append(stay, *c)
			continue
		}
		d.log.Info("forgetting a cluster that was dismissed", "cluster", c.Name)
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: authKey(c).Namespace, Name: authKey(c).Name}}
		for _, object := range []client.Object{c, secret} {
			if err := d.client.Delete(ctx, object); object.GetName() != "" && client.IgnoreNotFound(err) != nil {
				errs = append(errs, fmt.Errorf("forget cluster %s: %w", c.Name, err))
			}
		}
	}
	return stay, errors.Join(errs...)
}
