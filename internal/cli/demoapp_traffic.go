package cli

import (
	"fmt"

	"github.com/meshmanager/smm/internal/demoapp"
)

// trafficTable shows what each workload of the demo application was asked.
func trafficTable(traffic []demoapp.WorkloadTraffic) Table {
	table := Table{Columns: []string{"WORKLOAD", "PODS", "REQUESTS/S", "TCP CONNECTIONS/S", "SUCCESS", "MUTUAL TLS"}}
	for _, w := range traffic {
		table.Add(w.Workload, fmt.Sprintf("%d/%d", w.Ready, w.Replicas),
			rate(w.RequestsPerSecond), rate(w.ConnectionsPerSecond), percent(w.SuccessRate), percent(w.MutualTLS))
	}
	return table
}

// rate is empty for what did not happen.
func rate(perSecond float64) string {
	if perSecond == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", perSecond)
}

// percent rounds down, so that 100% means all.
func percent(share *float64) string {
	if share == nil {
		return ""
	}
	return fmt.Sprintf("%g%%", float64(int(*share*1000))/10)
}
