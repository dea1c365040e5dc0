package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/sandbox/internal/world"
)

func newStatusCommand(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the clusters and what they use",
		Long: `Show the clusters, whether they are ready, and the memory of each part.
Memory is the proportional set size: pages that processes share count in parts.
The command fails when no sandbox runs.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return usageError{fmt.Errorf("--output: %q is neither table nor json", output)}
			}
			dir, err := stateDir(cmd)
			if err != nil {
				return err
			}
			status, err := world.ReadStatus(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if output == "json" {
				err = writeJSON(a.out, status)
			} else {
				err = writeStatus(a.out, status)
			}
			if err == nil && !status.Running {
				err = errSilent
			}
			return err
		},
	}
	addStateDir(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func writeStatus(out io.Writer, status world.Status) error {
	if !status.Running {
		what := "No sandbox runs"
		if len(status.Clusters) > 0 {
			what = fmt.Sprintf("The sandbox is stopped, with %d clusters kept", len(status.Clusters))
		}
		_, err := fmt.Fprintf(out, "%s in %s\n", what, status.StateDir)
		return err
	}
	if err := writeClusters(out, status); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return writeMemory(out, status)
}

func writeClusters(out io.Writer, status world.Status) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "CLUSTER\tAPI\tNODE\tPODS\tMEMORY\tKUBECONFIG")
	for _, c := range status.Clusters {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d/%d\t%s\t%s\n", c.Name, readiness(c.APIReady), readiness(c.NodeReady),
			c.PodsRunning, c.Pods, mebibytes(status.MemoryBytes(c.Name)), c.Kubeconfig)
	}
	return table.Flush()
}

func writeMemory(out io.Writer, status world.Status) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "PART\tCLUSTER\tPROCESSES\tMEMORY")
	for _, p := range status.Memory {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", p.Name, orDash(p.Cluster), p.Processes, mebibytes(p.Bytes))
	}
	fmt.Fprintf(table, "total\t-\t-\t%s\n", mebibytes(status.MemoryBytes("")))
	return table.Flush()
}

func readiness(ready bool) string {
	if ready {
		return "ready"
	}
	return "not ready"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func mebibytes(bytes uint64) string { return fmt.Sprintf("%d MiB", (bytes+1<<19)>>20) }
