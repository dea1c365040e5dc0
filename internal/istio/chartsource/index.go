package chartsource

import (
	"fmt"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/istio"
)

// index is what a source has, as far as it is known.
type index struct {
	// Fetched is when the source said so.
	Fetched time.Time `json:"fetched"`
	// Charts are its packaged charts, by name and version.
	Charts map[istio.Chart]map[string]entry `json:"charts"`
}

// entry is one packaged chart.
type entry struct {
	// URL is where a Helm repository has it; it may be relative.
	URL string `json:"url,omitempty"`
	// Sum is the SHA-256 sum that the source tells; "" for none.
	Sum string `json:"sum,omitempty"`
	// Kept is the SHA-256 sum of what was fetched; "" for a chart that was not.
	Kept string `json:"kept,omitempty"`
}

func newIndex() *index {
	return &index{Charts: map[istio.Chart]map[string]entry{}}
}

func (i *index) set(chart istio.Chart, version string, e entry) {
	if i.Charts[chart] == nil {
		i.Charts[chart] = map[string]entry{}
	}
	i.Charts[chart][version] = e
}

func (i *index) get(chart istio.Chart, version string) (entry, bool) {
	e, ok := i.Charts[chart][version]
	return e, ok
}

// versions are those of Istio that can be installed from the source.
func (i *index) versions() []string {
	var versions []string
	for version := range i.Charts[istio.ChartIstiod] {
		if _, ok := i.get(istio.ChartBase, version); ok {
			versions = append(versions, version)
		}
	}
	return versions
}

// inherit takes over what is known of charts that were fetched before. It returns those that the
// source now tells another sum of.
func (i *index) inherit(older *index) []ChartVersion {
	var changed []ChartVersion
	if older == nil {
		return nil
	}
	for chart, versions := range older.Charts {
		for version, before := range versions {
			if before.Kept == "" {
				continue
			}
			now, listed := i.get(chart, version)
			if !listed {
				now = before // what was fetched stays installable
			}
			if now.Sum != "" && now.Sum != before.Kept {
				changed = append(changed, ChartVersion{chart, version})
			}
			now.Kept = before.Kept
			i.set(chart, version, now)
		}
	}
	return changed
}

// parseIndex reads what of a Helm repository's index is about Istio's charts. Entries that make no
// sense are passed over.
func parseIndex(text []byte) (*index, error) {
	var document struct {
		Entries map[string][]struct {
			Version string   `json:"version"`
			Digest  string   `json:"digest"`
			URLs    []string `json:"urls"`
		} `json:"entries"`
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("its index.yaml is no index of a Helm repository: %s", firstLine(err))
	}
	found := newIndex()
	for _, chart := range istio.AllCharts() {
		for _, item := range document.Entries[string(chart)] {
			if isVersion(item.Version) && len(item.URLs) > 0 && item.URLs[0] != "" {
				found.set(chart, item.Version, entry{URL: item.URLs[0], Sum: strings.TrimPrefix(item.Digest, "sha256:")})
			}
		}
	}
	return found, nil
}

// isVersion tells whether the text is a full version; it then makes a file name too.
func isVersion(text string) bool {
	_, err := semver.StrictNewVersion(text)
	return err == nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}
