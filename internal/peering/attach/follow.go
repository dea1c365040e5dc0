package attach

import (
	"context"
	"fmt"
	"slices"

	"github.com/meshmanager/smm/internal/kube"
)

// Follow does, after a command has begun to use a namespace for the mesh, what an operator would do: an active control
// plane tells its peers that the namespace has injection, and a passive one waits until it has been told so and brings
// what its pods need. There is nothing to do in a cluster without peers.
func Follow(ctx context.Context, c Cluster, namespace string, watch Watch) error {
	return until(ctx, watch, func(ctx context.Context) (string, error) {
		seen, err := observe(ctx, c.Client)
		if err != nil || seen.platform == nil || len(seen.peers) == 0 {
			return "", err
		}
		if err := c.Installer.Round(ctx, seen.platform.Name); err != nil && !kube.IsTransient(err) {
			return "", err
		}
		if seen, err = observe(ctx, c.Client); err != nil {
			return "", err
		}
		return withoutInjection(seen, namespace), nil
	})
}

// withoutInjection says what a namespace of a passive control plane waits for, "" for nothing.
func withoutInjection(seen observation, namespace string) string {
	if !passive(seen) || slices.Contains(seen.icp.Status.InjectionNamespaces, namespace) {
		return ""
	}
	return fmt.Sprintf("injection in namespace %s of the cluster whose istiod is used, which this one follows", namespace)
}
