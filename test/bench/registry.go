package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/internal/registry"
)

const (
	registrySecrets = 1000
	registryChanges = 5
	// registryPatience is how long a group may take for anything on a machine with few processors.
	registryPatience = 10 * time.Minute
	// steadyTime is how long requests are counted while nothing changes.
	steadyTime = 30 * time.Second
	// atOnce bounds what the measurement itself does side by side.
	atOnce = 4
)

// measureRegistry has many clusters, each with an API server and a cluster registry of its own, know each other and keep
// copies of the Secrets of one of them.
func measureRegistry(ctx context.Context, bin string, clusters int, r *report) (err error) {
	group, err := startGroup(ctx, bin, clusters)
	defer func() { err = errors.Join(err, group.stop()) }()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d clusters: ", clusters)
	begun := time.Now()
	if err := group.introduce(ctx); err != nil {
		return err
	}
	r.seconds(name+"all know each other", time.Since(begun), "")

	begun = time.Now()
	if err := group.fill(ctx); err != nil {
		return err
	}
	r.seconds(fmt.Sprintf("%s%d new Secrets are everywhere", name, registrySecrets), time.Since(begun), "")
	for change := range registryChanges {
		took, err := group.change(ctx, fmt.Sprint(change))
		if err != nil {
			return err
		}
		r.seconds(fmt.Sprintf("%sone of %d Secrets changes everywhere", name, registrySecrets), took, "under 5 s")
	}
	before, err := group.reads(ctx)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(steadyTime):
	}
	after, err := group.reads(ctx)
	if err != nil {
		return err
	}
	r.count(fmt.Sprintf("%sreads in %s without a change", name, steadyTime), after-before, "0: watches only")
	for _, member := range group {
		memory, err := peakMemory(member.controller.cmd.Process.Pid)
		if err != nil {
			return err
		}
		r.mebibytes(name+"memory of a controller", memory, "under 300 MiB")
	}
	return nil
}

// group are clusters that know each other; the first has what is copied.
type group []*groupMember

// startGroup starts the clusters. What was started is returned with an error too.
func startGroup(ctx context.Context, bin string, count int) (group, error) {
	members := make(group, count)
	starting, ctx2 := errgroup.WithContext(ctx)
	starting.SetLimit(2)
	for i := range members {
		starting.Go(func() (err error) {
			members[i], err = startMember(ctx2, ctx, filepath.Join(bin, "smm-sandbox"), filepath.Join(bin, "smm"), fmt.Sprintf("cluster-%02d", i))
			return err
		})
	}
	return members, starting.Wait()
}

func (g group) stop() error {
	var errs []error
	for _, member := range g {
		if member != nil {
			errs = append(errs, member.stop())
		}
	}
	return errors.Join(errs...)
}

// all does the same for every cluster but the first, a few at a time.
func (g group) all(ctx context.Context, do func(context.Context, *groupMember) error) error {
	running, ctx := errgroup.WithContext(ctx)
	running.SetLimit(atOnce)
	for _, member := range g[1:] {
		running.Go(func() error { return do(ctx, member) })
	}
	return running.Wait()
}

// introduce brings every cluster together with the first; from then on they tell each other of the clusters they know.
func (g group) introduce(ctx context.Context) error {
	for _, member := range g[1:] {
		if err := errors.Join(member.tell(ctx, g[0]), g[0].tell(ctx, member)); err != nil {
			return err
		}
	}
	for _, member := range g {
		err := member.until(ctx, "it knows all others", func(ctx context.Context) (bool, error) {
			var known v1alpha1.ClusterList
			if err := member.List(ctx, &known); err != nil {
				return false, err
			}
			ready := 0
			for i := range known.Items {
				if known.Items[i].Status.State == v1alpha1.ClusterStateReady {
					ready++
				}
			}
			return ready == len(g), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copied marks the Secrets that the rule matches.
const copied = "bench-copied"

// fill makes the rule and the Secrets, and waits until all are everywhere.
func (g group) fill(ctx context.Context) error {
	rule := &v1alpha1.ResourceSyncRule{ObjectMeta: metav1.ObjectMeta{Name: "bench-secrets-sink"}}
	rule.Spec.GVK.Kind, rule.Spec.GVK.Version = "Secret", "v1"
	rule.Spec.Rules = []v1alpha1.SyncRule{{Matches: []v1alpha1.SyncRuleMatch{{
		Labels: []metav1.LabelSelector{{MatchLabels: map[string]string{copied: "true"}}},
	}}}}
	if err := g[0].Create(ctx, rule); err != nil {
		return err
	}
	making, making2 := errgroup.WithContext(ctx)
	making.SetLimit(atOnce)
	for i := range registrySecrets {
		making.Go(func() error {
			return g[0].Create(making2, &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: registry.DefaultNamespace, Name: fmt.Sprintf("secret-%04d", i), Labels: map[string]string{copied: "true"}},
				Data:       map[string][]byte{"value": []byte("first")},
			})
		})
	}
	if err := making.Wait(); err != nil {
		return err
	}
	return g.all(ctx, func(ctx context.Context, member *groupMember) error {
		return member.until(ctx, "it has all Secrets", func(ctx context.Context) (bool, error) {
			var secrets metav1.PartialObjectMetadataList
			secrets.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
			err := member.List(ctx, &secrets, client.InNamespace(registry.DefaultNamespace), client.MatchingLabels{copied: "true"})
			return len(secrets.Items) == registrySecrets, err
		})
	})
}

// change changes one Secret, and tells how long it takes until all clusters have the change.
func (g group) change(ctx context.Context, value string) (time.Duration, error) {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: registry.DefaultNamespace, Name: "secret-0500"}}
	waiting, waiting2 := errgroup.WithContext(ctx)
	watching := make(chan struct{}, len(g))
	for _, member := range g[1:] {
		waiting.Go(func() error { return member.sees(waiting2, secret.Name, value, watching) })
	}
	for range g[1:] {
		select {
		case <-watching:
		case <-waiting2.Done():
			return 0, waiting.Wait()
		}
	}
	begun := time.Now()
	patch := client.RawPatch(client.Merge.Type(), []byte(fmt.Sprintf(`{"stringData":{"value":%q}}`, value)))
	if err := g[0].Patch(ctx, secret, patch); err != nil {
		return 0, err
	}
	err := waiting.Wait()
	return time.Since(begun), err
}

// reads is how often all API servers were asked, rather than watched, for what the registries read.
func (g group) reads(ctx context.Context) (float64, error) {
	total := 0.0
	for _, member := range g {
		reads, err := member.reads(ctx)
		if err != nil {
			return 0, err
		}
		total += reads
	}
	return total, nil
}
