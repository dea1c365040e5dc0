package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/server/session"
)

// maxEvents bounds the events that are read of one object.
const maxEvents = 200

// target is the cluster that an ID is about, and who asks.
func (r *Resolver) target(ctx context.Context, id string) (inventory.ID, *cluster.Cluster, session.Someone, error) {
	who, err := someone(ctx)
	if err != nil {
		return inventory.ID{}, nil, who, err
	}
	parsed, err := inventory.ParseID(id)
	if err != nil {
		return parsed, nil, who, err
	}
	c, err := r.named(parsed.Cluster)
	return parsed, c, who, err
}

// Node reads a node with the user's own rights; null when it does not exist.
func (q query) Node(ctx context.Context, id string) (*model.Node, error) {
	parsed, c, who, err := q.target(ctx, id)
	if err != nil {
		return nil, err
	}
	client, err := c.Kubernetes(who)
	if err != nil {
		return nil, err
	}
	found, err := client.CoreV1().Nodes().Get(ctx, parsed.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read node %s: %w", parsed.Name, err)
	}
	return describeNode(c.Name, found), nil
}

// Nodes lists the nodes of the clusters with the user's own rights.
func (q query) Nodes(ctx context.Context, clusterName *string) ([]model.Node, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	var named []string
	if clusterName != nil {
		named = []string{*clusterName}
	}
	return listOfEach(ctx, q.Resolver, named, func(ctx context.Context, c *cluster.Cluster) ([]model.Node, error) {
		client, err := c.Kubernetes(who)
		if err != nil {
			return nil, err
		}
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("list the nodes of cluster %s: %w", c.Name, err)
		}
		nodes := []model.Node{}
		for i := range list.Items {
			nodes = append(nodes, *describeNode(c.Name, &list.Items[i]))
		}
		return nodes, nil
	})
}

func describeNode(clusterName string, node *corev1.Node) *model.Node {
	described := &model.Node{
		ID:      inventory.ID{Kind: "Node", Cluster: clusterName, Name: node.Name}.String(),
		Cluster: clusterName, Name: node.Name, Version: node.Status.NodeInfo.KubeletVersion,
		Region: optional(node.Labels[corev1.LabelTopologyRegion]), Zone: optional(node.Labels[corev1.LabelTopologyZone]),
		OperatingSystem: node.Status.NodeInfo.OSImage, Labels: describeLabels(node.Labels),
		CPU: node.Status.Allocatable.Cpu().AsApproximateFloat64(), Memory: node.Status.Allocatable.Memory().AsApproximateFloat64(),
	}
	described.Created, described.Taints, described.Conditions = stamp(node.CreationTimestamp.Time), []string{}, []model.NodeCondition{}
	for _, taint := range node.Spec.Taints {
		described.Taints = append(described.Taints, taint.ToString())
	}
	for _, condition := range node.Status.Conditions {
		described.Conditions = append(described.Conditions, model.NodeCondition{
			Type: string(condition.Type), Status: string(condition.Status), Reason: condition.Reason, Message: condition.Message,
		})
		if condition.Type == corev1.NodeReady {
			described.Ready = condition.Status == corev1.ConditionTrue
		}
	}
	return described
}

// Events reads what happened to an object with the user's own rights, latest first.
func (q query) Events(ctx context.Context, id string) ([]model.Event, error) {
	parsed, c, who, err := q.target(ctx, id)
	if err != nil {
		return nil, err
	}
	client, err := c.Kubernetes(who)
	if err != nil {
		return nil, err
	}
	selector := fields.OneTermEqualSelector("involvedObject.name", parsed.Name).String()
	list, err := client.CoreV1().Events(parsed.Namespace).List(ctx, metav1.ListOptions{FieldSelector: selector, Limit: maxEvents})
	if err != nil {
		return nil, fmt.Errorf("read the events of %s: %w", id, err)
	}
	slices.SortFunc(list.Items, func(a, b corev1.Event) int { return lastSeen(&b).Compare(lastSeen(&a)) })
	events := []model.Event{}
	for i := range list.Items {
		event := &list.Items[i]
		if strings.ToLower(event.InvolvedObject.Kind) != parsed.Kind {
			continue
		}
		events = append(events, model.Event{
			Type: event.Type, Reason: event.Reason, Message: event.Message, Count: int(max(event.Count, 1)), Last: stamp(lastSeen(event)),
		})
	}
	return events, nil
}

// lastSeen is when an event happened last, whichever of its fields its reporter filled.
func lastSeen(event *corev1.Event) time.Time {
	if event.Series != nil {
		return event.Series.LastObservedTime.Time
	}
	return cmp.Or(event.LastTimestamp.Time, event.EventTime.Time, event.CreationTimestamp.Time)
}

// maxActions bounds how much one question can ask.
const maxActions = 200

// Allowed tells what the user may do.
func (q query) Allowed(ctx context.Context, actions []model.ActionInput) ([]bool, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	if len(actions) > maxActions {
		return nil, fmt.Errorf("these are %d actions: ask about %d at most", len(actions), maxActions)
	}
	answers := make([]bool, len(actions))
	for i, action := range actions {
		c := q.cluster(action.Cluster)
		if c == nil {
			continue
		}
		asked := access.Action{Verb: action.Verb, Group: action.Group, Resource: action.Resource}
		if action.Namespace != nil {
			asked.Namespace = *action.Namespace
		}
		if action.Subresource != nil {
			asked.Subresource = *action.Subresource
		}
		if answers[i], err = c.Allowed(ctx, who, asked); err != nil {
			return nil, err
		}
	}
	return answers, nil
}
