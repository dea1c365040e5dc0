package traffic

import (
	"strings"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/topology"
)

// workloadsOf are the workloads of which traffic is expected: those in the mesh.
func workloadsOf(inventories []*inventory.Inventory) []topology.Workload {
	var workloads []topology.Workload
	for _, i := range inventories {
		for j := range i.Workloads {
			w := &i.Workloads[j]
			gateway := isGateway(w)
			if !w.InMesh && !gateway {
				continue
			}
			workloads = append(workloads, topology.Workload{
				Cluster: i.Cluster, Namespace: w.Namespace, Name: w.Name, App: w.App, Version: w.Version, Gateway: gateway,
				VirtualMachine: w.VirtualMachine(),
			})
		}
	}
	return workloads
}

// isGateway knows gateways by the labels that the product, the Gateway API and Istio's charts give their pods.
func isGateway(w *inventory.Workload) bool {
	for _, label := range []string{"gateway-name", "gateway.networking.k8s.io/gateway-name"} {
		if w.Labels[label] != "" {
			return true
		}
	}
	return strings.HasSuffix(w.Labels["istio"], "gateway")
}
