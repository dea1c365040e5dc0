package cli

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/istio/releases"
	"github.com/meshmanager/smm/internal/platform"
)

func addChartSourceFlag(flags *pflag.FlagSet, values *[]string) {
	flags.StringArrayVar(values, "chart-source", nil, "`place` that has further Istio versions: a Helm repository (https://), an OCI registry (oci://), "+
		"a directory, or a YAML file that describes such sources with their Secrets and checksums; can be repeated")
}

// releases is the catalogue of what can be installed on the cluster of a client; nil for what can be without one.
func (a *App) releases(c client.Client, sources ...smmv1alpha1.ChartSource) *releases.Catalogue {
	return releases.New(a.releaseOptions(c, sources...))
}

func (a *App) releaseOptions(c client.Client, sources ...smmv1alpha1.ChartSource) releases.Options {
	options := releases.Options{Sources: sources}
	if c != nil {
		options.ControlPlanes, options.Secrets = c, c
	}
	options.Namespace = platform.SystemNamespace
	options.Stores = chartsource.Options{CacheDir: chartsource.DefaultCacheDir(), Limits: chartsource.DefaultLimits(), Log: a.Log}
	return options
}

// readChartSources turns the values of --chart-source into chart sources.
func readChartSources(values []string) ([]smmv1alpha1.ChartSource, error) {
	var sources []smmv1alpha1.ChartSource
	for _, value := range values {
		read, err := readChartSource(value)
		if err != nil {
			return nil, fmt.Errorf("--chart-source: %w", err)
		}
		sources = append(sources, read...)
	}
	names := map[string]bool{}
	for i := range sources {
		name := sources[i].Name
		for n := 2; names[sources[i].Name]; n++ {
			sources[i].Name = fmt.Sprintf("%s-%d", name, n)
		}
		names[sources[i].Name] = true
		if err := (chartsource.Source{Name: sources[i].Name, URL: sources[i].URL}).Validate(); err != nil {
			return nil, fmt.Errorf("--chart-source: %w", err)
		}
	}
	return sources, nil
}

func readChartSource(value string) ([]smmv1alpha1.ChartSource, error) {
	if strings.Contains(value, "://") {
		return []smmv1alpha1.ChartSource{{Name: sourceName(value), URL: value}}, nil
	}
	path, err := filepath.Abs(value)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%q is neither a URL nor a directory or file that is there", value)
	}
	if info.IsDir() {
		return []smmv1alpha1.ChartSource{{Name: sourceName(path), URL: path}}, nil
	}
	return readChartSourceFile(path)
}

// readChartSourceFile reads a YAML file with chartSources as a ControlPlane has them.
func readChartSourceFile(path string) ([]smmv1alpha1.ChartSource, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	encoded, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var document struct {
		ChartSources []smmv1alpha1.ChartSource `json:"chartSources"`
	}
	unknown, err := json.UnmarshalStrict(encoded, &document)
	if err := errors.Join(append(unknown, err)...); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(document.ChartSources) == 0 {
		return nil, fmt.Errorf("%s has no chartSources", path)
	}
	return document.ChartSources, nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// sourceName makes a name of the host of a URL, or of the last part of a path.
func sourceName(location string) string {
	name := filepath.Base(location)
	if parsed, err := url.Parse(location); err == nil && parsed.Hostname() != "" {
		name = parsed.Hostname()
	}
	if name = strings.Trim(notInNames.ReplaceAllString(strings.ToLower(name), "-"), "-"); name == "" {
		return "charts"
	}
	return name
}
