package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/meshmanager/smm/internal/demoapp"
)

// printDemo shows the clusters with their control planes, the workloads with their traffic, and how to go on.
func (s *sandbox) printDemo(clusters []demoCluster, server *sandboxServer) error {
	a := s.app
	if a.Output != FormatTable {
		return a.Print(clusters, Table{})
	}
	if err := writeTable(a.Out, clusterTable(clusters)); err != nil {
		return err
	}
	fmt.Fprintln(a.Out)
	if err := writeTable(a.Out, workloadTable(clusters)); err != nil {
		return err
	}
	fmt.Fprintln(a.Out, "\nkubeconfig files:")
	for _, cluster := range clusters {
		fmt.Fprintf(a.Out, "  %s   %s\n", cluster.ClusterName, cluster.Kubeconfig)
	}
	smm, dir := invocation(), ""
	if s.stateDir != "" {
		dir = " --state-dir " + s.stateDir
	}
	fmt.Fprintf(a.Out, "\nThe dashboard is at %s, the API at %s/api/graphql, open to everybody on this machine.\n", server.url(), server.url())
	fmt.Fprintln(a.Out, "\nTry:")
	fmt.Fprintf(a.Out, "  %s sandbox kubectl%s get pods -n %s\n", smm, dir, demoapp.DefaultNamespace)
	fmt.Fprintf(a.Out, "  %s sandbox status%s\n", smm, dir)
	fmt.Fprintf(a.Out, "  %s sandbox down%s\n", smm, dir)
	return nil
}

// invocation is how to call this program from the current directory.
func invocation() string {
	self, err := os.Executable()
	if err != nil {
		return "smm"
	}
	directory, err := os.Getwd()
	if err != nil {
		return self
	}
	if path, err := filepath.Rel(directory, self); err == nil && filepath.IsLocal(path) {
		return path
	}
	return self
}

func clusterTable(clusters []demoCluster) Table {
	table := Table{Columns: []string{"CLUSTER", "CONTROL PLANE", "ISTIO", "STATUS", "WORKLOADS", "REQUESTS/S"}}
	for _, cluster := range clusters {
		ready, requests := 0, 0.0
		for _, workload := range cluster.Workloads {
			requests += workload.RequestsPerSecond
			if workload.Ready == workload.Replicas {
				ready++
			}
		}
		// Installing ends when the control plane is available, and not before.
		table.Add(cluster.ClusterName, cluster.ControlPlane+"."+cluster.Namespace, cluster.IstioVersion, "Available",
			fmt.Sprintf("%d/%d", ready, len(cluster.Workloads)), rate(requests))
	}
	return table
}

func workloadTable(clusters []demoCluster) Table {
	table := Table{}
	for _, cluster := range clusters {
		traffic := trafficTable(cluster.Workloads)
		table.Columns = append([]string{"CLUSTER"}, traffic.Columns...)
		for _, row := range traffic.Rows {
			table.Rows = append(table.Rows, append([]string{cluster.ClusterName}, row...))
		}
	}
	return table
}
