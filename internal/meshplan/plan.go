// Package meshplan decides what a new mesh on one cluster is: whether it can be, what it takes, and the resources that
// make it. It is pure; package creation acts.
package meshplan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/meshmanager/smm/internal/istio"
)

// Plan is a mesh as a user asks for it.
type Plan struct {
	// Name of the mesh, which stays.
	Name string `json:"name"`
	// Cluster is the name of the cluster.
	Cluster string `json:"cluster"`
	// Version is the full version of Istio.
	Version string `json:"version"`
	// Least and Most are how many istiods run; with Most above Least, an autoscaler chooses.
	Least int32 `json:"leastInstances"`
	Most  int32 `json:"mostInstances"`
	// CPU and Memory of each istiod, as request and limit.
	CPU    resource.Quantity `json:"cpu"`
	Memory resource.Quantity `json:"memory"`
	// Mandatory tells that no two istiods may be on one node; otherwise they only should not.
	Mandatory bool `json:"mandatoryAntiAffinity"`
	// Nodes that the control plane may be on, which get the label istio=master; any when empty.
	Nodes []string `json:"nodes,omitempty"`
	// HighlyAvailable has the control plane survive the loss of a zone.
	HighlyAvailable bool `json:"highAvailability"`
	// SidecarCPU and SidecarMemory are defaults of sidecars, as request and limit.
	SidecarCPU    resource.Quantity `json:"sidecarCPU"`
	SidecarMemory resource.Quantity `json:"sidecarMemory"`
	// Sampling is the share of requests that are traced, in percent.
	Sampling float64 `json:"traceSampling"`
	// Retries is how often a failed HTTP request is made again.
	Retries int32 `json:"httpRetries"`
	// Namespaces whose pods get a sidecar.
	Namespaces []string `json:"namespaces,omitempty"`
	// Restart has the workloads that run there restarted, so that they get one now.
	Restart bool `json:"restart"`
}

// Usual is a plan with what is usual.
func Usual() Plan {
	return Plan{
		Least: 1, Most: 2, CPU: resource.MustParse("500m"), Memory: resource.MustParse("1Gi"),
		SidecarCPU: resource.MustParse("100m"), SidecarMemory: resource.MustParse("128Mi"), Sampling: 1, Retries: 2,
	}
}

// Cluster is what a plan is judged by.
type Cluster struct {
	// Name of the cluster in the mesh, "" when it has none.
	Name string
	// Meshes are the names of the meshes on the cluster, ControlPlanes its control planes as namespace/name.
	Meshes, ControlPlanes []string
	Namespaces            []string
	Nodes                 []Node
}

// Node is a node with what is free on it.
type Node struct {
	Name, Zone  string
	Usable      bool // it is ready, and pods may be scheduled there
	CPU, Memory resource.Quantity
}

// Bounds of a mesh's name.
const (
	shortestName = 4
	longestName  = 64
)

var nameCharacters = regexp.MustCompile(`^[a-z0-9-]+$`)

// NameProblem is what is wrong with a mesh's name, "" when nothing is.
func NameProblem(name string) string {
	switch {
	case len(name) < shortestName || len(name) > longestName:
		return fmt.Sprintf("A name has %d to %d characters", shortestName, longestName)
	case name[0] < 'a' || name[0] > 'z':
		return "A name starts with a lowercase letter"
	case !nameCharacters.MatchString(name):
		return "A name has lowercase letters, digits and hyphens only"
	case strings.HasSuffix(name, "-"):
		return "A name does not end with a hyphen"
	}
	return ""
}

// Problems are all that keep a plan from being carried out on a cluster, each with what to do.
func Problems(p Plan, on Cluster) []string {
	var problems []string
	add := func(problem string) {
		if problem != "" {
			problems = append(problems, problem)
		}
	}
	add(NameProblem(p.Name))
	switch {
	case slices.Contains(on.Meshes, p.Name):
		add(fmt.Sprintf("The cluster has a mesh %s already: choose another name", p.Name))
	case len(on.ControlPlanes) > 0:
		add(fmt.Sprintf("The cluster has the control plane %s already, and a cluster has one mesh: delete that first, or use another cluster", on.ControlPlanes[0]))
	}
	for _, name := range p.Namespaces {
		if !slices.Contains(on.Namespaces, name) {
			add(fmt.Sprintf("There is no namespace %s: make it, or leave it out", name))
		}
	}
	if p.Restart && len(p.Namespaces) == 0 {
		add("There is nothing to restart: say in which namespaces")
	}
	if p.Most < p.Least {
		add("The most instances are fewer than the least: raise them")
	}
	nodes, unknown := chosen(p, on)
	add(unknown)
	add(zonesProblem(p, nodes))
	if unknown == "" && p.Most >= p.Least {
		add(roomProblem(p, nodes))
	}
	return problems
}

// chosen are the nodes that the control plane may be on.
func chosen(p Plan, on Cluster) (nodes []Node, problem string) {
	if len(p.Nodes) == 0 {
		return slices.DeleteFunc(slices.Clone(on.Nodes), func(n Node) bool { return !n.Usable }), ""
	}
	for _, name := range p.Nodes {
		i := slices.IndexFunc(on.Nodes, func(n Node) bool { return n.Name == name })
		switch {
		case i < 0:
			return nil, fmt.Sprintf("There is no node %s: `kubectl get nodes` lists them", name)
		case !on.Nodes[i].Usable:
			return nil, fmt.Sprintf("Node %s is not ready, or takes no pods: choose another", name)
		}
		nodes = append(nodes, on.Nodes[i])
	}
	return nodes, ""
}

// zonesProblem: with high availability, the loss of a zone must leave an instance.
func zonesProblem(p Plan, nodes []Node) string {
	if !p.HighlyAvailable {
		return ""
	}
	zones := map[string]bool{}
	for _, node := range nodes {
		if node.Zone != "" {
			zones[node.Zone] = true
		}
	}
	switch {
	case len(zones) < 2:
		return fmt.Sprintf("High availability takes nodes in two or more zones, and these are in %d: choose others, or label nodes with topology.kubernetes.io/zone", len(zones))
	case p.Least < 2:
		return "High availability takes two or more instances at all times: raise the least"
	}
	return ""
}

// Total is what the control plane takes when it has as many instances as it may.
func Total(p Plan) (cpu, memory resource.Quantity) {
	cpu = *resource.NewMilliQuantity(p.CPU.MilliValue()*int64(p.Most), resource.DecimalSI)
	memory = *resource.NewQuantity(p.Memory.Value()*int64(p.Most), resource.BinarySI)
	return cpu, memory
}

// roomProblem: each instance needs a node with room for it, at the largest number of instances.
func roomProblem(p Plan, nodes []Node) string {
	places := 0
	for _, node := range nodes {
		room := instancesOn(p, node)
		if p.Mandatory {
			room = min(room, 1)
		}
		places += room
	}
	if places >= int(p.Most) {
		return ""
	}
	if p.Mandatory && len(nodes) < int(p.Most) {
		return fmt.Sprintf("%d instances cannot each have a node of their own among %d: choose more nodes, fewer instances, or preferred anti-affinity", p.Most, len(nodes))
	}
	cpu, memory := Total(p)
	return fmt.Sprintf("The control plane takes up to %s CPU and %s of memory, and the free resources of the nodes have room for %d of its %d instances: choose fewer or smaller ones, or more nodes",
		cpu.String(), memory.String(), places, p.Most)
}

// instancesOn is how many instances a node has room for.
func instancesOn(p Plan, node Node) int {
	room := int64(p.Most)
	if cpu := p.CPU.MilliValue(); cpu > 0 {
		room = min(room, max(0, node.CPU.MilliValue())/cpu)
	}
	if memory := p.Memory.Value(); memory > 0 {
		room = min(room, max(0, node.Memory.Value())/memory)
	}
	return int(room)
}

// ControlPlane is the control plane that makes the mesh.
func ControlPlane(p Plan) istio.Revision {
	return istio.Revision{Name: istio.ControlPlaneName(p.Version), Namespace: istio.DefaultNamespace}
}
