package traffic

import "github.com/meshmanager/smm/internal/telemetry"

// Outage is what could not be asked.
type Outage struct {
	unconfigured bool
	problems     []telemetry.Problem
	// lacking is what is missing of traffic that is otherwise known.
	lacking []telemetry.Problem
}

// Texts say what could not be asked.
func (o Outage) Texts() []string {
	texts := []string{}
	if o.unconfigured {
		texts = append(texts, "there is no metrics backend: name one with --prometheus-url, or switch on the ControlPlane's component prometheus")
	}
	for _, problem := range o.problems {
		texts = append(texts, problem.String())
	}
	for _, problem := range o.lacking {
		texts = append(texts, "latencies are not known: "+problem.String())
	}
	return texts
}

// Knows tells whether the traffic of a cluster is known.
func (o Outage) Knows(cluster string) bool {
	if o.unconfigured {
		return false
	}
	for _, problem := range o.problems {
		if problem.Cluster == "" || problem.Cluster == cluster {
			return false
		}
	}
	return true
}

// Complete tells that all backends answered.
func (o Outage) Complete() bool { return !o.unconfigured && len(o.problems) == 0 }
