package node

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// Executables say which program stands for which images: by the last element of an image's repository,
// whatever its registry and tag.
type Executables map[string]Program

// Program is a static executable, with the other files that its image would bring: paths in containers, and the files of
// this machine that are there.
type Program struct {
	File  string
	Files map[string]string
}

// DefaultExecutables are the programs that lie in a directory.
func DefaultExecutables(dir string) Executables {
	in := func(name string) string { return filepath.Join(dir, name) }
	return Executables{
		"pilot": {File: in("pilot-discovery")},
		// A stand-in is where Istio's agent looks for Envoy. It plays gateways only.
		"proxyv2": {File: in("pilot-agent"), Files: map[string]string{
			"/usr/local/bin/envoy":                           in("gateway-standin"),
			"/var/lib/istio/envoy/envoy_bootstrap_tmpl.json": in("envoy_bootstrap.json"),
		}},
		"prometheus": {File: in("prometheus")},
		"allspark":   {File: in("allspark")},
		"smm":        {File: in("smm")},
	}
}

// Lookup finds the executable for an image reference.
func (e Executables) Lookup(reference string) (container.Image, bool) {
	program, known := e[imageName(reference)]
	if !known || !isExecutable(program.File) {
		return container.Image{}, false
	}
	image := container.Image{Path: program.File, Entrypoint: []string{"/usr/local/bin/" + filepath.Base(program.File)}}
	for _, target := range slices.Sorted(maps.Keys(program.Files)) {
		image.Files = append(image.Files, container.Mount{Source: program.Files[target], Target: target, ReadOnly: true})
	}
	return image, true
}

// missing explains that there is no executable for an image.
func (e Executables) missing(reference string) string {
	var known []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if isExecutable(e[name].File) {
			known = append(known, name)
		}
	}
	return fmt.Sprintf("image %s has no executable in this sandbox; known: %s", reference, strings.Join(known, ", "))
}

// imageName is the last element of an image's repository.
func imageName(reference string) string {
	repository, _, _ := strings.Cut(reference, "@")
	name, _, _ := strings.Cut(path.Base(repository), ":")
	return name
}

func isExecutable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
