package behaviour

import (
	"context"
	"strings"

	"github.com/meshmanager/smm/internal/telemetry"
)

// owners know the workloads of a cluster. Pods that are gone are known by their names.
type owners struct {
	workloads map[telemetry.Member]bool
	pods      map[telemetry.Member]string // of those that are there, by namespace and name
}

func (w *Watch) owners(ctx context.Context, c Cluster) (owners, error) {
	known := owners{workloads: map[telemetry.Member]bool{}, pods: map[telemetry.Member]string{}}
	if c.Inventory == nil {
		return known, nil
	}
	current, err := c.Inventory(ctx)
	if err != nil {
		return known, err
	}
	for i := range current.Workloads {
		workload := &current.Workloads[i]
		known.workloads[telemetry.Member{Namespace: workload.Namespace, Name: workload.Name}] = true
		for _, pod := range workload.Pods {
			known.pods[telemetry.Member{Namespace: workload.Namespace, Name: pod.Name}] = workload.Name
		}
	}
	return known, nil
}

// suffixes is how many parts controllers add to the names of their pods: a Deployment two, others one.
const suffixes = 2

// of returns the workload of a pod: the one that it belongs to, or that its name begins with; else the pod itself.
func (o owners) of(namespace, pod string) string {
	if owner, known := o.pods[telemetry.Member{Namespace: namespace, Name: pod}]; known {
		return owner
	}
	name := pod
	for range suffixes {
		end := strings.LastIndexByte(name, '-')
		if end < 0 {
			break
		}
		if name = name[:end]; o.workloads[telemetry.Member{Namespace: namespace, Name: name}] {
			return name
		}
	}
	return pod
}
