package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/cli/userconfig"
)

func newConfigCommand(app *App) *cobra.Command {
	return newCommandGroup("config", "Show and edit what smm remembers for you", newConfigGetCommand(app), newConfigEditCommand(app))
}

// shownContext is what `smm config get` prints: everything but the token, which stands for the user.
type shownContext struct {
	Context  string     `json:"context"`
	URL      string     `json:"url,omitempty"`
	Cluster  string     `json:"cluster,omitempty"`
	SignedIn bool       `json:"signedIn"`
	Expires  *time.Time `json:"expires,omitempty"`
	Path     string     `json:"path"`
}

func newConfigGetCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "get",
		Short: "Show what smm remembers for the kubeconfig's context",
		Long: `Shows what smm remembers for the kubeconfig's context: the address of the server, and until when you are signed in. The ID
token itself is in the file, which only you can read.`,
		Example: "  smm config get -o yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			name, err := app.contextName()
			if err != nil {
				return err
			}
			path, err := userconfig.Path()
			if err != nil {
				return err
			}
			config, err := userconfig.Read(path)
			if err != nil {
				return err
			}
			known := config.Contexts[name]
			shown := shownContext{Context: name, URL: known.URL, Cluster: known.Cluster, Expires: known.Expires, Path: path}
			shown.SignedIn = known.Token(known.URL, known.Cluster, time.Now()) != ""
			until := ""
			if shown.SignedIn {
				until = known.Expires.Local().Format(time.DateTime)
			}
			table := Table{Columns: []string{"CONTEXT", "URL", "SIGNED IN UNTIL", "FILE"}}
			table.Add(shown.Context, shown.URL, until, path)
			return app.Print(shown, table)
		},
	}
}

func newConfigEditCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "edit",
		Short: "Edit what smm remembers",
		Long: `Opens the file with what smm remembers in the editor of $VISUAL or $EDITOR. What cannot be read afterwards is not saved.

For each context of the kubeconfig, url is the address of the server, and idToken with expires the last sign-in.`,
		Example: "  EDITOR=nano smm config edit",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := userconfig.Path()
			if err != nil {
				return err
			}
			return editConfig(cmd.Context(), app, path)
		},
	}
}

// editConfig lets the user edit a copy, so that a mistake leaves the file as it is.
func editConfig(ctx context.Context, app *App, path string) error {
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	copied, err := os.CreateTemp("", "smm-config-*.yaml") // readable by its owner only
	if err != nil {
		return err
	}
	defer os.Remove(copied.Name())
	_, err = copied.Write(before)
	if err := errors.Join(err, copied.Close()); err != nil {
		return err
	}
	if err := runEditor(ctx, app, copied.Name()); err != nil {
		return err
	}
	after, err := os.ReadFile(copied.Name())
	if err != nil {
		return err
	}
	if string(after) == string(before) {
		fmt.Fprintln(app.Err, "Nothing was changed.")
		return nil
	}
	if err := userconfig.Check(after); err != nil {
		return fmt.Errorf("what you wrote is not saved, as it cannot be read: %w", err)
	}
	return userconfig.Write(path, after)
}

// runEditor runs the user's editor, whose setting may have arguments.
func runEditor(ctx context.Context, app *App, path string) error {
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	command := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", path)
	command.Stdin, command.Stdout, command.Stderr = app.In, app.Err, app.Err
	if err := command.Run(); err != nil {
		return fmt.Errorf("the editor %q: %w; set EDITOR to another one", editor, err)
	}
	return nil
}

// contextName is the name of the chosen context of the kubeconfig.
func (a *App) contextName() (string, error) {
	loaded, err := a.loadKubeconfig()
	if err != nil {
		return "", err
	}
	if a.Context != "" {
		return a.Context, nil
	}
	if loaded.CurrentContext == "" {
		return "", errors.New("the kubeconfig has no current context: choose one with --context")
	}
	return loaded.CurrentContext, nil
}
