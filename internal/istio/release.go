package istio

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// BuiltinVersion is the Istio release whose charts are part of the binary.
const BuiltinVersion = "1.31.1"

// CompatibleVersion is the older release line that the built-in charts can stand in for. It is no
// upstream release: what runs are the programs of BuiltinVersion, told by their charts'
// compatibility version to behave as Istio 1.30 does where the two differ. Istio 1.30's own
// programs cannot be run by these charts, because they do not know all that the injection
// templates of 1.31 use.
const CompatibleVersion = "1.30.0-compat"

// DefaultHub is the repository of Istio's released images.
const DefaultHub = "registry.istio.io/release"

// Release is one installable version of Istio.
type Release struct {
	// Version is the full version, such as 1.31.1.
	Version string
	// ChartVersion is the version of the charts and of the programs that they run, if it is not
	// Version: newer charts can stand in for an older release line.
	ChartVersion string
	// MinKubernetes and MaxKubernetes are the oldest and newest minor versions of Kubernetes 1
	// that the release supports, both included; 0 where that is not known.
	MinKubernetes, MaxKubernetes uint64
	// Charts holds the charts that the release is installed from.
	Charts Charts
	// Source says where the charts come from.
	Source Source

	// definitions reads the custom resource definitions once: they are a megabyte of YAML.
	definitions func() ([]*unstructured.Unstructured, error)
}

// NewRelease returns the release whose charts are given. Which versions of Kubernetes it supports is
// known for the release lines of Istio's support table.
func NewRelease(version string, charts Charts, source Source) Release {
	release := Release{Version: version, Charts: charts, Source: source}
	supported := supportedKubernetes()[release.Minor()]
	release.MinKubernetes, release.MaxKubernetes = supported.Min, supported.Max
	release.definitions = sync.OnceValues(release.readCRDs)
	return release
}

// Minor is the release line, such as 1.31.
func (r Release) Minor() string {
	return minorOf(r.Version)
}

// ImageTag is the tag of the images that belong to the charts.
func (r Release) ImageTag() string {
	return cmp.Or(r.ChartVersion, r.Version)
}

// CompatibilityVersion is the release line whose behaviour the charts are told to keep, "" for
// that of their own.
func (r Release) CompatibilityVersion() string {
	if newer(minorOf(r.ImageTag()), r.Minor()) {
		return r.Minor()
	}
	return ""
}

// NewerThan tells whether the charts are of a newer version than the other release's.
func (r Release) NewerThan(other Release) bool {
	return newer(r.ImageTag(), other.ImageTag())
}

// Catalogue is the set of releases that can be installed.
type Catalogue []Release

// Builtin is the catalogue of the releases that are part of the binary.
func Builtin() Catalogue {
	builtin := NewRelease(BuiltinVersion, embeddedCharts{}, Source{})
	compatible := builtin
	compatible.Version, compatible.ChartVersion = CompatibleVersion, BuiltinVersion
	return Catalogue{builtin, compatible}
}

// UnknownVersionError tells that no release of the catalogue matches.
type UnknownVersionError struct {
	Version   string
	Available []string
	// Problems are those of sources that may have it.
	Problems []string
}

// Error names the versions that are available, and what may be the reason.
func (e *UnknownVersionError) Error() string {
	parts := append([]string{"available: " + strings.Join(shortened(e.Available), ", ")}, e.Problems...)
	return fmt.Sprintf("Istio version %q is not in the catalogue; %s", e.Version, strings.Join(parts, "; "))
}

// DoesNotExist tells that an error is about a release that nobody has, as opposed to one that cannot
// be had now.
func DoesNotExist(err error) bool {
	var unknown *UnknownVersionError
	return errors.As(err, &unknown) && len(unknown.Problems) == 0
}

// maxListed is how many versions a message lists before it leaves out older patches.
const maxListed = 10

// shortened leaves only the newest version of each line where there are many. Versions are sorted,
// newest first.
func shortened(versions []string) []string {
	if len(versions) <= maxListed {
		return versions
	}
	var lines []string
	for i, version := range versions {
		if i == 0 || minorOf(version) != minorOf(versions[i-1]) {
			lines = append(lines, version)
		}
	}
	return append(lines, "and older patches (see smm istio versions --all)")
}

// Find returns the newest release that matches the version: a full version (1.31.1), a release
// line (1.31 or 1.31.x), or "" for the newest of all. The error is an *UnknownVersionError.
func (c Catalogue) Find(version string) (Release, error) {
	var found *Release
	for i := range c {
		if matches(c[i].Version, version) && (found == nil || newer(c[i].Version, found.Version)) {
			found = &c[i]
		}
	}
	if found == nil {
		return Release{}, &UnknownVersionError{Version: version, Available: c.Versions()}
	}
	return *found, nil
}

// Versions lists the versions of the catalogue, newest first.
func (c Catalogue) Versions() []string {
	versions := make([]string, 0, len(c))
	for _, release := range c {
		versions = append(versions, release.Version)
	}
	SortVersions(versions)
	return versions
}

func matches(release, wanted string) bool {
	wanted = FullVersion(wanted)
	return wanted == "" || release == wanted || minorOf(release) == wanted
}

// FullVersion is a version as releases write it: v1.31.1 is 1.31.1, and 1.31.x is the line 1.31.
func FullVersion(version string) string {
	return strings.TrimSuffix(strings.TrimPrefix(version, "v"), ".x")
}

// IsLine tells whether a version means any release of a line, such as 1.31 or 1.31.x.
func IsLine(version string) bool {
	return strings.Count(FullVersion(version), ".") == 1
}

// LineOf is the release line of a full version: 1.31 for 1.31.1.
func LineOf(version string) string {
	return minorOf(version)
}

// NewestOfLine returns the newest of the versions that belong to a line and are no pre-releases.
func NewestOfLine(versions []string, line string) (newest string, found bool) {
	for _, version := range versions {
		parsed, err := semver.StrictNewVersion(version)
		if err == nil && parsed.Prerelease() == "" && minorOf(version) == FullVersion(line) && (!found || newer(version, newest)) {
			newest, found = version, true
		}
	}
	return newest, found
}

// SortVersions sorts versions, newest first.
func SortVersions(versions []string) {
	slices.SortFunc(versions, func(a, b string) int {
		switch {
		case newer(a, b):
			return -1
		case newer(b, a):
			return 1
		}
		return strings.Compare(a, b) // of builds of one version, none is newer
	})
}

func newer(a, b string) bool {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	if errA != nil || errB != nil {
		return a > b
	}
	return va.GreaterThan(vb)
}

func minorOf(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}
