package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

const stateDirFlag = "state-dir"

// addStateDir gives a command the flag that names the sandbox's directory.
func addStateDir(cmd *cobra.Command) {
	cmd.Flags().String(stateDirFlag, "", "directory with the sandbox's state (default $XDG_STATE_HOME/smm/sandbox or ~/.local/state/smm/sandbox)")
}

func stateDir(cmd *cobra.Command) (layout.Dir, error) {
	flag, err := cmd.Flags().GetString(stateDirFlag)
	if err != nil {
		return "", err
	}
	return resolveDir(flag)
}

func resolveDir(flag string) (layout.Dir, error) {
	if flag == "" {
		return layout.DefaultDir()
	}
	dir, err := filepath.Abs(flag)
	if err != nil {
		return "", fmt.Errorf("finding the state directory: %w", err)
	}
	return layout.Dir(dir), nil
}
