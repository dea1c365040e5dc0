package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/rest"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/peering"
	"github.com/meshmanager/smm/internal/peering/attach"
	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/server/session"
)

// memberTimeout bounds attaching and detaching.
const memberTimeout = 15 * time.Minute

// Reach connects to a cluster to attach or to detach it.
type Reach func(config *rest.Config) (attach.Cluster, error)

// Members lists the clusters of the mesh.
func (q query) Members(ctx context.Context) ([]model.Member, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	reader, err := q.Resolver.Clusters.Own().Client(who)
	if err != nil {
		return nil, err
	}
	known, err := attach.Known(ctx, reader)
	if err != nil {
		return nil, err
	}
	members := []model.Member{}
	for _, m := range peering.Overview(known) {
		members = append(members, model.Member{
			Cluster: m.Cluster, Type: m.Type, Mode: m.Mode, Network: m.Network, ControlPlane: m.ControlPlane, Status: m.Status, Message: optional(m.Message),
		})
	}
	return members, nil
}

// AttachCluster takes a cluster into the mesh.
func (s subscription) AttachCluster(ctx context.Context, kubeconfig string, name, network *string, active, force *bool) (<-chan *model.MemberProgress, error) {
	first, err := s.ownCluster(ctx, "create")
	if err != nil {
		return nil, err
	}
	peer, known, err := s.reach(kubeconfig)
	if err != nil {
		return nil, err
	}
	options := attach.Options{Network: textOf(network), Active: isTrue(active), Force: isTrue(force)}
	return s.follow(ctx, "attach", func(ctx context.Context, tell attach.Watch) (string, error) {
		options.Name = cmp.Or(textOf(name), attach.KnownName(ctx, first, peer), platform.DiscoveredClusterName(known))
		attachment, err := attach.Prepare(ctx, first, peer, options)
		if err != nil {
			return "", err
		}
		if err := attachment.Run(ctx, tell); err != nil {
			return "", err
		}
		return attachment.Plan.Cluster + " is attached", attachment.Wait(ctx, tell)
	}), nil
}

// DetachCluster takes a cluster out of the mesh.
func (s subscription) DetachCluster(ctx context.Context, name string, kubeconfig *string, force *bool) (<-chan *model.MemberProgress, error) {
	first, err := s.ownCluster(ctx, "delete")
	if err != nil {
		return nil, err
	}
	var peer *attach.Cluster
	if kubeconfig != nil {
		reached, _, err := s.reach(*kubeconfig)
		if err != nil {
			return nil, err
		}
		peer = &reached
	}
	return s.follow(ctx, "detach", func(ctx context.Context, tell attach.Watch) (string, error) {
		detachment, err := attach.PrepareDetach(ctx, first, peer, name, isTrue(force))
		if err != nil {
			return "", err
		}
		return detachment.Cluster + " is detached", detachment.Run(ctx, tell)
	}), nil
}

// ownCluster is the cluster to which others are attached, reached with the user's rights. Whoever may not change which
// clusters there are must not have the server connect to any.
func (s subscription) ownCluster(ctx context.Context, verb string) (attach.Cluster, error) {
	who, err := someone(ctx)
	if err != nil {
		return attach.Cluster{}, err
	}
	if s.Reach == nil {
		return attach.Cluster{}, errors.New("this server cannot attach clusters")
	}
	c := s.Clusters.Own()
	allowed, err := c.Allowed(ctx, who, access.Action{Verb: verb, Group: clusterregistryv1alpha1.GroupVersion.Group, Resource: "clusters"})
	if err != nil {
		return attach.Cluster{}, err
	}
	if !allowed {
		return attach.Cluster{}, fmt.Errorf("forbidden: Kubernetes does not allow you to %s clusters.%s", verb, clusterregistryv1alpha1.GroupVersion.Group)
	}
	return s.Reach(c.As(who))
}

func (s subscription) reach(kubeconfig string) (attach.Cluster, string, error) {
	config, known, err := cluster.FromKubeconfig(kubeconfig)
	if err != nil {
		return attach.Cluster{}, "", err
	}
	reached, err := s.Reach(config)
	return reached, known, err
}

// follow runs something that takes minutes and tells of it until it ends.
func (s subscription) follow(ctx context.Context, verb string, run func(context.Context, attach.Watch) (string, error)) <-chan *model.MemberProgress {
	out := make(chan *model.MemberProgress)
	tell := func(progress model.MemberProgress) {
		select {
		case out <- &progress:
		case <-ctx.Done():
		}
	}
	who, _ := session.From(ctx)
	s.Log.InfoContext(ctx, "audit", "user", who.User.Name, "verb", verb, "cluster", s.Clusters.Own().Name)
	go func() {
		defer close(out)
		limited, cancel := context.WithTimeoutCause(ctx, memberTimeout, fmt.Errorf("not done within %s", memberTimeout))
		defer cancel()
		last := ""
		done, err := run(limited, func(waiting string) {
			if waiting != last {
				last = waiting
				tell(model.MemberProgress{Text: waiting})
			}
		})
		if err != nil {
			problem := err.Error()
			tell(model.MemberProgress{Text: "stopped", Problem: &problem})
			return
		}
		tell(model.MemberProgress{Text: done, Finished: true})
	}()
	return out
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func isTrue(value *bool) bool { return value != nil && *value }
