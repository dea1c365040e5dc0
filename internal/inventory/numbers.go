package inventory

// Numbers are what the overview counts.
type Numbers struct {
	Services, ServicesInMesh   int
	Workloads, WorkloadsInMesh int
	Pods, PodsInMesh           int
}

// Count counts what is in the namespaces for which visible is true.
func (i Inventory) Count(visible func(namespace string) bool) Numbers {
	var n Numbers
	for _, service := range i.Services {
		if visible(service.Namespace) {
			n.Services++
			n.ServicesInMesh += one(service.InMesh)
		}
	}
	for _, workload := range i.Workloads {
		if !visible(workload.Namespace) {
			continue
		}
		n.Workloads++
		n.WorkloadsInMesh += one(workload.InMesh)
		for _, pod := range workload.Pods {
			n.Pods++
			n.PodsInMesh += one(pod.Revision != "")
		}
	}
	return n
}

func one(counts bool) int {
	if counts {
		return 1
	}
	return 0
}
