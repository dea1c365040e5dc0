package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/outbound"
	"github.com/meshmanager/smm/internal/platform"
)

const istioOutboundLong = `Sets what workloads may reach outside of the mesh: with allowed, which is Istio's default, anything; with restricted,
only what ServiceEntries name. Without a setting it shows the present one.

The policy is kept in the IstioMesh, from which all control planes of the mesh inherit it. Proxies follow without a
restart.`

func newIstioOutboundCommand(app *App) *cobra.Command {
	words := slices.Sorted(maps.Keys(outbound.Modes()))
	return &cobra.Command{
		Use:   "outbound-traffic-policy [allowed|restricted]",
		Short: "Set what workloads may reach outside of the mesh",
		Long:  istioOutboundLong,
		Example: `  smm istio outbound-traffic-policy
  smm istio outbound-traffic-policy restricted`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: words,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return showOutbound(cmd.Context(), app)
			}
			mode, known := outbound.Modes()[args[0]]
			if !known {
				return usageErrorf("setting %q is unknown: give one of %s", args[0], strings.Join(words, ", "))
			}
			return setOutbound(cmd.Context(), app, mode)
		},
	}
}

// outboundPolicy is what `smm istio outbound-traffic-policy` prints.
type outboundPolicy struct {
	Mode outbound.Mode `json:"mode,omitempty"`
}

func showOutbound(ctx context.Context, app *App) error {
	c, err := app.Client(ctx)
	if err != nil {
		return err
	}
	mode, err := outbound.Get(ctx, c)
	if err != nil {
		return err
	}
	return app.printOutbound(mode)
}

func setOutbound(ctx context.Context, app *App, mode outbound.Mode) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	c, err := app.Client(ctx)
	if err != nil {
		return err
	}
	if _, err := outbound.Set(ctx, c, mode); err != nil {
		return err
	}
	installer, err := newInstaller(app, config)
	if err != nil {
		return err
	}
	// Also when nothing changed: an earlier run may have been interrupted here.
	if err := installer.Round(ctx, platform.ControlPlaneName); err != nil {
		return fmt.Errorf("the policy is set and not in effect yet, `smm reconcile` brings it there: %w", err)
	}
	return app.printOutbound(mode)
}

func (a *App) printOutbound(mode outbound.Mode) error {
	if a.Output != FormatTable {
		return a.Print(outboundPolicy{Mode: mode}, Table{})
	}
	if mode == "" {
		fmt.Fprintln(a.Out, "mesh wide outbound traffic policy is not found")
		return nil
	}
	fmt.Fprintf(a.Out, "mesh wide outbound traffic policy is set to '%s'\n", mode)
	return nil
}
