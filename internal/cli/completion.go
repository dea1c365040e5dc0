package cli

import (
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
)

// registerGlobalCompletions lets the shell complete the values of the global flags.
func registerGlobalCompletions(app *App, root *cobra.Command) {
	completions := map[string]cobra.CompletionFunc{
		"output": cobra.FixedCompletions([]string{string(FormatTable), string(FormatJSON), string(FormatYAML)}, cobra.ShellCompDirectiveNoFileComp),
		"context": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			config, err := app.clientConfig().RawConfig()
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return contextNames(config), cobra.ShellCompDirectiveNoFileComp
		},
	}
	for flag, complete := range completions {
		if err := root.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(err) // the flag is defined just before
		}
	}
}

// completeNamespaces completes the first argument with the namespaces of the chosen cluster.
func completeNamespaces(app *App) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		c, err := app.Client(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		found := &corev1.NamespaceList{}
		if err := c.List(cmd.Context(), found); err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		names := make([]string, len(found.Items))
		for i := range found.Items {
			names[i] = found.Items[i].Name
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
