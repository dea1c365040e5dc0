package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newLoginCommand(app *App) *cobra.Command {
	address := ""
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in, and get a token for the dashboard's sign-in page",
		Long: `Signs in to the server with the credentials of the kubeconfig: a client certificate, a token or what an exec plugin gives. The
server asks the cluster whose they are and does not keep them.

It prints a login token, which signs in a browser once and within 10 seconds: paste it into the sign-in page of the
dashboard. You stay signed in for 10 hours; what stands for you is kept in the file that 'smm config get' names.`,
		Example: `  smm login --url https://mesh.example.org
  smm login`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signed, err := signIn(cmd.Context(), app, address, true)
			if err != nil {
				return err
			}
			if app.Output != FormatTable {
				return app.Print(signed, Table{})
			}
			fmt.Fprintln(app.Out, signed.LoginToken)
			fmt.Fprintf(app.Err, "This login token signs you in at %s within 10 seconds. You are signed in until %s.\n",
				signed.Server, signed.Expires.Local().Format(time.DateTime))
			return nil
		},
	}
	cmd.Flags().StringVar(&address, "url", "", "`address` of the server (default: the one of the last time)")
	return cmd
}
