package facts

import (
	"k8s.io/apimachinery/pkg/labels"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
)

// MachineLabels are the labels that a WorkloadEntry, or the entries of a WorkloadGroup, are selected by.
func MachineLabels(o *validation.Object) map[string]string {
	all := map[string]string{}
	for key, value := range o.Labels {
		all[key] = value
	}
	var more map[string]string
	switch spec := o.Spec.(type) {
	case *networking.WorkloadEntry:
		more = spec.GetLabels()
	case *networking.WorkloadGroup:
		more = spec.GetMetadata().GetLabels()
	}
	for key, value := range more {
		all[key] = value
	}
	return all
}

// SelectsMachine tells whether labels fit a WorkloadEntry or WorkloadGroup of a namespace, or of any.
func SelectsMachine(v validation.View, namespace string, everywhere bool, selector map[string]string) bool {
	wanted := labels.SelectorFromSet(selector)
	for _, kind := range []validation.Kind{validation.WorkloadEntry, validation.WorkloadGroup} {
		for _, o := range v.Objects(kind) {
			if (everywhere || o.Namespace == namespace) && wanted.Matches(labels.Set(MachineLabels(o))) {
				return true
			}
		}
	}
	return false
}
