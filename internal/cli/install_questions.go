package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"charm.land/huh/v2"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/demoapp"
)

// choice is what a user wants to have installed.
type choice struct {
	istio, demo bool
}

// everything is what -a installs: the demo application is for trying.
func everything() choice { return choice{istio: true} }

// askWhatToInstall asks the documented questions about what this version can install. Enter accepts
// what is recommended.
func (a *App) askWhatToInstall(ctx context.Context) (choice, error) {
	accessible := os.Getenv("ACCESSIBLE") != "" || os.Getenv("TERM") == "dumb"
	return askWhatToInstall(ctx, a.In, a.Err, accessible)
}

func askWhatToInstall(ctx context.Context, in io.Reader, out io.Writer, accessible bool) (choice, error) {
	wanted := everything()
	err := ask(ctx, in, out, accessible, "Install istio-operator (recommended). Press enter to accept", &wanted.istio)
	if err == nil && wanted.istio { // the demo application runs in the mesh
		err = ask(ctx, in, out, accessible, "Install and run demo application (optional). Press enter to skip", &wanted.demo)
	}
	return wanted, err
}

// ask puts one question; answer is what enter means, and then the user's answer. Accessible, it is
// a plain line of text, as screen readers need it.
func ask(ctx context.Context, in io.Reader, out io.Writer, accessible bool, question string, answer *bool) error {
	confirm := huh.NewConfirm().Title(question).Affirmative("Yes").Negative("No").Value(answer)
	err := huh.NewForm(huh.NewGroup(confirm)).WithInput(in).WithOutput(out).WithAccessible(accessible).RunWithContext(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, huh.ErrUserAborted):
		return errDeclined
	case err != nil:
		return fmt.Errorf("ask what to install: %w", err)
	}
	return nil
}

// installChosenDemo installs the demo application after the mesh.
func installChosenDemo(ctx context.Context, progress *Progress, config *rest.Config) error {
	demo, err := demoapp.New(config)
	if err != nil {
		return err
	}
	_, err = installDemoapp(ctx, progress, demo, demoapp.Wanted{Replicas: 1}, true, alone)
	return err
}
