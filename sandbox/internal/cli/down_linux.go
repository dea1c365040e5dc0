package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/sandbox/internal/world"
)

func newDownCommand(a *app) *cobra.Command {
	var keepState bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop the sandbox and remove everything it made",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := stateDir(cmd)
			if err != nil {
				return err
			}
			step := newStep(a.err, "Stopping the sandbox")
			ended, err := world.Down(cmd.Context(), dir, keepState)
			if err != nil {
				step.fail()
				return err
			}
			step.done(outcome(ended, keepState, string(dir)))
			return nil
		},
	}
	addStateDir(cmd)
	cmd.Flags().BoolVar(&keepState, "keep-state", false, "keep the clusters' objects, so that up resumes them")
	return cmd
}

func outcome(ended world.Ended, keepState bool, dir string) string {
	switch {
	case !ended.Existed:
		return "There is no sandbox in " + dir
	case keepState:
		return fmt.Sprintf("Sandbox stopped; its state stays in %s", dir)
	}
	return "Sandbox stopped and removed"
}
