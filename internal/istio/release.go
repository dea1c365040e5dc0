package istio

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
	"istio.io/istio/manifests"
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
	// that the release supports, both included.
	MinKubernetes, MaxKubernetes uint64
	// Charts is the file tree that holds the charts by their upstream paths, such as charts/base.
	Charts fs.FS

	// definitions reads the custom resource definitions once: they are a megabyte of YAML.
	definitions func() ([]*unstructured.Unstructured, error)
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

// Kubernetes is the supported range as users read it, such as "1.32 to 1.36".
func (r Release) Kubernetes() string {
	return fmt.Sprintf("1.%d to 1.%d", r.MinKubernetes, r.MaxKubernetes)
}

// SupportsKubernetes tells whether the release supports the minor version of Kubernetes 1.
func (r Release) SupportsKubernetes(minor uint64) bool {
	return r.MinKubernetes <= minor && minor <= r.MaxKubernetes
}

// Catalogue is the set of releases that can be installed.
type Catalogue []Release

// Builtin is the catalogue of the releases that are part of the binary.
func Builtin() Catalogue {
	builtin := Release{Version: BuiltinVersion, MinKubernetes: 32, MaxKubernetes: 36, Charts: manifests.FS}
	builtin.definitions = sync.OnceValues(builtin.readCRDs)
	compatible := builtin
	compatible.Version, compatible.ChartVersion = CompatibleVersion, BuiltinVersion
	return Catalogue{builtin, compatible}
}

// UnknownVersionError tells that no release of the catalogue matches.
type UnknownVersionError struct {
	Version   string
	Available []string
}

// Error names the versions that are available.
func (e *UnknownVersionError) Error() string {
	return fmt.Sprintf("Istio version %q is not in the catalogue; available: %s", e.Version, strings.Join(e.Available, ", "))
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
	slices.SortFunc(versions, func(a, b string) int {
		if newer(a, b) {
			return -1
		}
		if newer(b, a) {
			return 1
		}
		return 0
	})
	return versions
}

func matches(release, wanted string) bool {
	wanted = strings.TrimSuffix(strings.TrimPrefix(wanted, "v"), ".x")
	return wanted == "" || release == wanted || minorOf(release) == wanted
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
