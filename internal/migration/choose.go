package migration

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/revision"
)

// choose finds the target among the control planes of the cluster. It is pure.
func choose(cluster revision.Cluster, namespace *corev1.Namespace, controlPlane string) (Target, error) {
	label := revision.SelectorOf(namespace.Labels)
	if label == "" {
		return Target{}, fmt.Errorf("namespace %s has no control plane: its pods get one with `smm sidecar-proxy auto-inject on %s`", namespace.Name, namespace.Name)
	}
	if controlPlane == "" {
		return back(cluster, namespace)
	}
	plane, err := sole(cluster, controlPlane)
	if err != nil {
		return Target{}, err
	}
	target := Target{Plane: plane, Label: plane.Label()}
	if selects(cluster, label, plane) {
		target.Label = label // another name of the same control plane, such as a tag, stays
	}
	return target, nil
}

// back is where the namespace was before.
func back(cluster revision.Cluster, namespace *corev1.Namespace) (Target, error) {
	previous := readRecord(namespace.Annotations[RecordAnnotation]).Previous
	if previous == "" {
		return Target{}, fmt.Errorf("it is not known which control plane namespace %s had before: name one with --to", namespace.Name)
	}
	plane, err := sole(cluster, previous)
	if err != nil {
		return Target{}, fmt.Errorf("namespace %s cannot go back to %s: %w", namespace.Name, previous, err)
	}
	return Target{Plane: plane, Label: previous, Back: true}, nil
}

// sole is the one control plane that a value of the revision label selects.
func sole(cluster revision.Cluster, label string) (istio.Revision, error) {
	planes := cluster.Selected(label)
	if len(planes) == 1 {
		return planes[0], nil
	}
	names := make([]string, 0, len(cluster.Planes))
	for _, plane := range cluster.Planes {
		names = append(names, plane.Label())
	}
	slices.Sort(names)
	if len(planes) == 0 {
		return istio.Revision{}, fmt.Errorf("there is no control plane %q in this cluster: it has %s", label, strings.Join(names, ", "))
	}
	return istio.Revision{}, fmt.Errorf("more than one control plane is named %q: choose one of %s", label, strings.Join(names, ", "))
}
