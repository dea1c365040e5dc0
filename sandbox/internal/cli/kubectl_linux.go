package cli

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	componentcli "k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/plugin"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"

	"github.com/meshmanager/smm/sandbox/internal/world"
)

func newKubectlCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "kubectl [--cluster CLUSTER] [--state-dir DIR] [KUBECTL ARGUMENTS]",
		Short: "Run kubectl on a cluster (the first one by default)",
		Long: `Run kubectl on a cluster. The flags --cluster and --state-dir count as the
sandbox's before the first other argument; everything after goes to kubectl.`,
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			own, rest, err := splitKubectl(args)
			if err != nil {
				return usageError{err}
			}
			dir, err := resolveDir(own[stateDirFlag])
			if err != nil {
				return err
			}
			kubeconfig, err := world.Kubeconfig(dir, own["cluster"])
			if err != nil {
				return err
			}
			return runKubectl(kubeconfig, rest)
		},
	}
}

// splitKubectl takes our flags from the front of the arguments.
func splitKubectl(args []string) (own map[string]string, rest []string, err error) {
	own = map[string]string{}
	for len(args) > 0 {
		name, value, inline := strings.Cut(args[0], "=")
		name, isFlag := strings.CutPrefix(name, "--")
		if !isFlag || (name != "cluster" && name != stateDirFlag) {
			break
		}
		args = args[1:]
		if !inline {
			if len(args) == 0 {
				return nil, nil, fmt.Errorf("--%s needs a value", name)
			}
			value, args = args[0], args[1:]
		}
		own[name] = value
	}
	return own, args, nil
}

// runKubectl ends the process itself when kubectl fails, as kubectl does.
func runKubectl(kubeconfig string, args []string) error {
	// Interrupting kubectl is kubectl's business, for instance while it follows a log.
	signal.Reset(syscall.SIGINT, syscall.SIGTERM)
	// By environment, so that plug-ins see it as well.
	if err := os.Setenv("KUBECONFIG", kubeconfig); err != nil {
		return fmt.Errorf("running kubectl: %w", err)
	}
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	command := cmd.NewDefaultKubectlCommandWithArgs(cmd.KubectlOptions{
		PluginHandler: cmd.NewDefaultPluginHandler(plugin.ValidPluginFilenamePrefixes),
		Arguments:     append([]string{"kubectl"}, args...),
		ConfigFlags: genericclioptions.NewConfigFlags(true).WithDeprecatedPasswordFlag().
			WithDiscoveryBurst(300).WithDiscoveryQPS(50).WithWarningPrinter(streams),
		IOStreams: streams,
	})
	command.SetArgs(args)
	if err := componentcli.RunNoErrOutput(command); err != nil {
		cmdutil.CheckErr(err)
	}
	return nil
}
