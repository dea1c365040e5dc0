package graph

import "github.com/meshmanager/smm/internal/inventory"

// objectName names an object of one cluster.
type objectName struct{ namespace, name string }

// index finds the objects of an inventory by their names.
type index struct {
	services  map[objectName]*inventory.Service
	workloads map[objectName][]*inventory.Workload // of several kinds, which may share a name
	pods      map[objectName]podOf
	// servicesOf are the services that lead to the workloads of a name.
	servicesOf map[objectName][]*inventory.Service
}

// podOf is a pod and what it belongs to.
type podOf struct {
	workload *inventory.Workload
	pod      *inventory.Pod
}

func indexOf(i *inventory.Inventory) index {
	x := index{
		services:   make(map[objectName]*inventory.Service, len(i.Services)),
		workloads:  make(map[objectName][]*inventory.Workload, len(i.Workloads)),
		pods:       map[objectName]podOf{},
		servicesOf: map[objectName][]*inventory.Service{},
	}
	for n := range i.Services {
		s := &i.Services[n]
		x.services[objectName{s.Namespace, s.Name}] = s
		for _, workload := range s.Workloads {
			name := objectName{s.Namespace, workload}
			x.servicesOf[name] = append(x.servicesOf[name], s)
		}
	}
	for n := range i.Workloads {
		w := &i.Workloads[n]
		name := objectName{w.Namespace, w.Name}
		x.workloads[name] = append(x.workloads[name], w)
		for p := range w.Pods {
			x.pods[objectName{w.Namespace, w.Pods[p].Name}] = podOf{w, &w.Pods[p]}
		}
	}
	return x
}
