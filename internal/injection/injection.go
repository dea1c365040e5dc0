// Package injection decides which control plane, if any, gives the pods of a namespace their proxy, and sets it.
//
// Istio has two labels for this. This product's control planes are revisions, which istio.io/rev selects; the older
// istio-injection hides a namespace from every revision, so that it must go where istio.io/rev is set.
package injection

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshmanager/smm/internal/istio"
)

// Setting is how injection is set for one namespace.
type Setting struct {
	Namespace string `json:"namespace"`
	// Enabled tells whether new pods get a proxy.
	Enabled bool `json:"enabled"`
	// ControlPlane is the one that serves the namespace, <name>.<namespace>, or what its label asks for.
	ControlPlane string `json:"controlPlane,omitempty"`
	// Note says why the setting is not what its labels seem to say.
	Note string `json:"note,omitempty"`
}

// Describe tells what the labels of a namespace mean, given the control planes of the cluster.
func Describe(namespace string, labels map[string]string, planes []istio.Revision) Setting {
	wanted, selected := labels[istio.RevisionLabel]
	old, hidden := labels[istio.InjectionLabel]
	setting := Setting{Namespace: namespace, ControlPlane: wanted}
	plane := slices.IndexFunc(planes, func(plane istio.Revision) bool { return plane.Selects(wanted) })
	switch {
	case hidden:
		setting.Note = fmt.Sprintf("the label %s=%s hides the namespace from the mesh's control planes", istio.InjectionLabel, old)
	case selected && plane < 0:
		setting.Note = fmt.Sprintf("no IstioControlPlane %s exists in this cluster", wanted)
	case selected:
		setting.Enabled = true
		setting.ControlPlane = planes[plane].Label()
	}
	return setting
}

// Choose returns the control plane that a name means: <name>, or <name>.<namespace>. Without a name it is the only one.
func Choose(planes []istio.Revision, name string) (istio.Revision, error) {
	matching := planes
	if name != "" {
		matching = nil
		for _, plane := range planes {
			if plane.Selects(name) {
				matching = append(matching, plane)
			}
		}
	}
	switch {
	case len(planes) == 0:
		return istio.Revision{}, fmt.Errorf("there is no IstioControlPlane in this cluster: install the mesh with 'smm install -a'")
	case len(matching) == 0:
		return istio.Revision{}, fmt.Errorf("there is no IstioControlPlane %q in this cluster: it has %s", name, list(planes))
	case len(matching) > 1:
		return istio.Revision{}, fmt.Errorf("the cluster has more than one control plane: choose one with --controlplane (%s)", list(matching))
	}
	return matching[0], nil
}

func list(planes []istio.Revision) string {
	labels := make([]string, len(planes))
	for i, plane := range planes {
		labels[i] = plane.Label()
	}
	slices.Sort(labels)
	return strings.Join(labels, ", ")
}
