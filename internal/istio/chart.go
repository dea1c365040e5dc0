package istio

import (
	"fmt"
	"slices"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
)

// crdTemplate is the template of the base chart that only repeats the custom resource definitions.
const crdTemplate = "templates/crds.yaml"

// values is a Helm chart's input.
type values = map[string]any

// render renders one of the release's charts, without the named templates.
func (r Release) render(name Chart, releaseName, namespace string, input values, kubernetesVersion string, without ...string) (map[string]string, error) {
	c, err := r.load(name)
	if err != nil {
		return nil, err
	}
	c.Templates = slices.DeleteFunc(c.Templates, func(file *common.File) bool { return slices.Contains(without, file.Name) })
	capabilities := common.DefaultCapabilities.Copy()
	if kubernetesVersion != "" {
		version, err := common.ParseKubeVersion(kubernetesVersion)
		if err != nil {
			return nil, fmt.Errorf("parse Kubernetes version %q: %w", kubernetesVersion, err)
		}
		capabilities.KubeVersion = *version
	}
	options := common.ReleaseOptions{Name: releaseName, Namespace: namespace, IsInstall: true, Revision: 1}
	input, err = util.ToRenderValues(c, input, options, capabilities)
	if err != nil {
		return nil, fmt.Errorf("merge values of chart %s: %w", name, err)
	}
	files, err := engine.Render(c, input)
	if err != nil {
		return nil, fmt.Errorf("render chart %s: %w", name, err)
	}
	return files, nil
}

// load reads a chart. The chart gets the release's version, which Istio's source tree leaves to
// its release process.
func (r Release) load(name Chart) (*chart.Chart, error) {
	files, err := r.files(name)
	if err != nil {
		return nil, err
	}
	c, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", name, err)
	}
	c.Metadata.Version = r.ImageTag()
	c.Metadata.AppVersion = r.ImageTag()
	return c, nil
}
