// Command helmtemplate does what `helm template` does, a number of times, and prints how many milliseconds each took:
// the reference that rendering a chart is measured against.
//
//	helmtemplate ROUNDS KUBERNETES-VERSION RELEASE NAMESPACE CHART VALUES-FILE
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/getter"
	release "helm.sh/helm/v4/pkg/release/v1"
)

func main() {
	took, err := measure(os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(took)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func measure(args []string) ([]float64, error) {
	if len(args) != 6 {
		return nil, errors.New("usage: helmtemplate ROUNDS KUBERNETES-VERSION RELEASE NAMESPACE CHART VALUES-FILE")
	}
	rounds, err := strconv.Atoi(args[0])
	if err != nil {
		return nil, err
	}
	version, err := common.ParseKubeVersion(args[1])
	if err != nil {
		return nil, err
	}
	var milliseconds []float64
	for range rounds {
		start := time.Now()
		if err := template(version, args[2], args[3], args[4], args[5]); err != nil {
			return nil, err
		}
		milliseconds = append(milliseconds, float64(time.Since(start).Microseconds())/1000)
	}
	return milliseconds, nil
}

// template renders a chart as the command `helm template` does.
func template(version *common.KubeVersion, name, namespace, chart, valuesFile string) error {
	client := action.NewInstall(action.NewConfiguration())
	client.DryRunStrategy = action.DryRunClient
	client.ReleaseName, client.Namespace, client.Replace = name, namespace, true
	client.KubeVersion = version
	options := values.Options{ValueFiles: []string{valuesFile}}
	input, err := options.MergeValues(getter.All(cli.New()))
	if err != nil {
		return err
	}
	loaded, err := loader.Load(chart)
	if err != nil {
		return err
	}
	result, err := client.Run(loaded, input)
	if err != nil {
		return err
	}
	if rendered, ok := result.(*release.Release); !ok || rendered.Manifest == "" {
		return errors.New("helm rendered nothing")
	}
	return nil
}
