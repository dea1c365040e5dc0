package migration

import (
	"encoding/json"

	"github.com/meshmanager/smm/internal/istio"
)

// Annotations that a migration leaves.
const (
	// RecordAnnotation of a namespace holds the Record of its last migration.
	RecordAnnotation = "smm.cisco.com/migration"
	// RestartAnnotation of a workload's pods holds the Record's time for which they were restarted.
	RestartAnnotation = "smm.cisco.com/restarted-for-migration"
)

// Target is where a namespace is to go.
type Target struct {
	// Plane is the control plane.
	Plane istio.Revision
	// Label is the value of the revision label that is to select it.
	Label string
	// Back tells that the namespace goes back to where it was before.
	Back bool
}

// Record is what is remembered of a namespace's last migration.
type Record struct {
	// Previous is the value of the revision label before; a rollback restores it.
	Previous string `json:"previous,omitempty"`
	// To is the value that was set.
	To string `json:"to"`
	// At is when. It also tells the restarts of this migration from those of others.
	At string `json:"at"`
}

// readRecord returns an empty Record where there is none that can be read.
func readRecord(annotation string) Record {
	var record Record
	if json.Unmarshal([]byte(annotation), &record) != nil {
		return Record{}
	}
	return record
}

// State is what a namespace shows.
type State struct {
	Namespace string
	// Label is the value of the revision label that the namespace's labels amount to, "" for none.
	Label string
	// Selected tells that the label selects the target.
	Selected  bool
	Record    Record
	Workloads []Workload
	Gateways  []Gateway
	// Loose are pods that belong to none of the workloads.
	Loose []Loose
	// Leaving are the pods of workloads that are about to go.
	Leaving []Pod
}

// Workload is a Deployment, StatefulSet or DaemonSet.
type Workload struct {
	Kind, Name string
	// RestartedFor is the time of the migration that restarted it last.
	RestartedFor string
	// Settled tells that its latest specification is rolled out and available; otherwise Waiting
	// says what it waits for.
	Settled bool
	Waiting string
	// Failed says why its roll-out has ended without success, "" while it has not.
	Failed string
	// Fixed says why a restart cannot be asked of it, "" if it can.
	Fixed string
	Pods  []Pod
}

// Name as users know it.
func (w Workload) String() string { return w.Kind + " " + w.Name }

// Pod is a pod of a workload that has not ended and is not about to go.
type Pod struct {
	Name string
	// InjectedBy is Istio's name of the revision that it got its proxy from, "" for none.
	InjectedBy string
	// Exempt tells that it wants no proxy.
	Exempt bool
}

// on tells whether all pods have their proxies from the control plane.
func (w Workload) on(plane istio.Revision) bool {
	for _, pod := range w.Pods {
		if !pod.Exempt && pod.InjectedBy != plane.Name {
			return false
		}
	}
	return true
}

// Gateway is an IstioMeshGateway, which makes its pods anew when its control plane changes.
type Gateway struct {
	Name  string
	Plane istio.Revision
}

// Loose is a pod with a proxy that no workload of a known kind makes anew.
type Loose struct {
	Pod
	// Reason says what it belongs to and what its user can do.
	Reason string
}

// Left is what a migration names and does not touch.
type Left struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}
