package checks

import (
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func machineChecks() []validation.Check {
	return []validation.Check{missingGroup(), unusedEntry(), outdatedMachine(), machineAccount()}
}

// groupAnnotation names the WorkloadGroup that a machine registered itself with.
const groupAnnotation = "istio.io/autoRegistrationGroup"

func missingGroup() validation.Check {
	return validation.Check{
		ID:       "workloadentry/group/missing",
		Severity: validation.Error,
		Message:  "the WorkloadGroup of this WorkloadEntry does not exist",
		Cause:    "The machine registered itself with a group that is gone: its settings and health check come from nowhere.",
		Mend:     "Create the group again, or remove the machine from the mesh.",
		Subjects: of(validation.WorkloadEntry),
		Reads:    of(validation.WorkloadGroup),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			group := o.Annotations[groupAnnotation]
			if group != "" && v.Knows(validation.WorkloadGroup) && v.Get(validation.WorkloadGroup, o.Namespace, group) == nil {
				report(validation.Fault{Path: "metadata.annotations." + groupAnnotation, Context: values("workloadGroup", group)})
			}
		},
	}
}

func unusedEntry() validation.Check {
	return validation.Check{
		ID:       "workloadentry/selector/unselected",
		Severity: validation.Warning,
		Message:  "nothing selects this WorkloadEntry",
		Cause:    "A WorkloadEntry gets traffic through a Service or ServiceEntry that selects its labels, and its settings from a WorkloadGroup. None fits.",
		Mend:     "Correct the labels of the entry or the selector.",
		Subjects: of(validation.WorkloadEntry),
		Reads:    of(validation.WorkloadGroup, validation.Service, validation.ServiceEntry),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if o.Annotations[groupAnnotation] != "" || !v.KnowsAny(validation.Service, validation.ServiceEntry, validation.WorkloadGroup) {
				return
			}
			own := facts.MachineLabels(o)
			for _, service := range v.In(validation.Service, o.Namespace) {
				if fits(serviceOf(service).Selector, own) {
					return
				}
			}
			for _, entry := range v.In(validation.ServiceEntry, o.Namespace) {
				if fits(serviceEntryOf(entry).GetWorkloadSelector().GetLabels(), own) {
					return
				}
			}
			for _, group := range v.In(validation.WorkloadGroup, o.Namespace) {
				if fits(validation.SpecOf[*networking.WorkloadGroup](group).GetMetadata().GetLabels(), own) {
					return
				}
			}
			report(validation.At("labels", own))
		},
	}
}

// fits tells whether a selector that is not empty selects labels.
func fits(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}

func machineAccount() validation.Check {
	return validation.Check{
		ID:       "workload/service-account/unknown",
		Severity: validation.Warning,
		Message:  "the service account of the machine does not exist",
		Cause:    "The machine gets its identity by a token of this service account of its namespace.",
		Mend:     "Create the service account, or name another one.",
		Subjects: of(validation.WorkloadEntry, validation.WorkloadGroup),
		Reads:    of(validation.ServiceAccount),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			field, account := "serviceAccount", ""
			switch spec := o.Spec.(type) {
			case *networking.WorkloadEntry:
				account = spec.GetServiceAccount()
			case *networking.WorkloadGroup:
				field, account = "template.serviceAccount", spec.GetTemplate().GetServiceAccount()
			}
			if account != "" && account != "default" && v.Knows(validation.ServiceAccount) && v.Get(validation.ServiceAccount, o.Namespace, account) == nil {
				report(validation.At(field, values("serviceAccount", account)))
			}
		},
	}
}
