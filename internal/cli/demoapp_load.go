package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/demoapp"
)

func newDemoappLoadCommand(app *App, verb, short string, on bool) *cobra.Command {
	return &cobra.Command{
		Use:   verb,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			demo, err := app.demoapp(cmd.Context())
			if err != nil {
				return err
			}
			change, err := demo.SwitchLoad(cmd.Context(), demoapp.DefaultNamespace, on)
			if err != nil {
				return err
			}
			return app.printLoad(change)
		},
	}
}

func (a *App) printLoad(change demoapp.LoadChange) error {
	if a.Output != FormatTable {
		return a.Print(change, Table{})
	}
	text := "load generation stopped"
	if change.Enabled {
		text = fmt.Sprintf("load generation started, %g to %g requests per second", change.MinRPS, change.MaxRPS)
	}
	fmt.Fprintf(a.Out, "%s %s namespace=%s\n", a.painter(a.Out).done(), text, change.Namespace)
	if change.Delayed != "" {
		fmt.Fprintf(a.Err, "%s it will take effect within two minutes: %s\n", a.painter(a.Err).warning(), change.Delayed)
	}
	return nil
}
