// Package chart renders the operator's Helm chart, which is part of the program.
package chart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/meshmanager/smm/deploy/charts"
)

// Name is the name of the chart, of its release, and of the objects that it renders.
const Name = "smm-operator"

// Namespace is the documented namespace of the operator.
const Namespace = "smm-registry-access"

// Render renders the chart as `helm template` does, without the custom resource definitions, which
// Helm does not render either. values are laid over the chart's own. kubernetesVersion is that of
// the cluster, such as v1.36.3; "" for a recent one. The error names the value that is refused.
func Render(namespace string, values map[string]any, kubernetesVersion string) ([]*unstructured.Unstructured, error) {
	files, err := readFiles()
	if err != nil {
		return nil, err
	}
	chart, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", Name, err)
	}
	capabilities := common.DefaultCapabilities.Copy()
	if kubernetesVersion != "" {
		version, err := common.ParseKubeVersion(kubernetesVersion)
		if err != nil {
			return nil, fmt.Errorf("parse Kubernetes version %q: %w", kubernetesVersion, err)
		}
		capabilities.KubeVersion = *version
	}
	options := common.ReleaseOptions{Name: Name, Namespace: namespace, IsInstall: true, Revision: 1}
	input, err := util.ToRenderValues(chart, values, options, capabilities)
	if err != nil {
		return nil, fmt.Errorf("merge values of chart %s: %w", Name, err)
	}
	rendered, err := engine.Render(chart, input)
	if err != nil {
		return nil, fmt.Errorf("render chart %s: %w", Name, err)
	}
	return parse(rendered)
}

func readFiles() ([]*archive.BufferedFile, error) {
	tree, err := charts.Operator()
	if err != nil {
		return nil, err
	}
	var files []*archive.BufferedFile
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Dir(name) == "crds" {
			return err
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		files = append(files, &archive.BufferedFile{Name: name, Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read chart %s: %w", Name, err)
	}
	return files, nil
}

// parse reads the rendered files in the order of their names.
func parse(files map[string]string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(files[name])), 4096)
		for {
			object := &unstructured.Unstructured{}
			err := decoder.Decode(object)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("parse rendered %s: %w", name, err)
			}
			if len(object.Object) > 0 {
				objects = append(objects, object)
			}
		}
	}
	return objects, nil
}
