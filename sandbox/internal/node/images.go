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
// whatever its registry and tag, the file of a static executable.
type Executables map[string]string

// DefaultExecutables are the programs that lie in a directory.
func DefaultExecutables(dir string) Executables {
	in := func(name string) string { return filepath.Join(dir, name) }
	return Executables{
		"pilot":      in("pilot-discovery"),
		"proxyv2":    in("pilot-agent"),
		"prometheus": in("prometheus"),
		"allspark":   in("allspark"),
		"smm":        in("smm"),
	}
}

// Lookup finds the executable for an image reference.
func (e Executables) Lookup(reference string) (container.Image, bool) {
	file, known := e[imageName(reference)]
	if !known || !isExecutable(file) {
		return container.Image{}, false
	}
	return container.Image{Path: file, Entrypoint: []string{"/usr/local/bin/" + filepath.Base(file)}}, true
}

// missing explains that there is no executable for an image.
func (e Executables) missing(reference string) string {
	var known []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if isExecutable(e[name]) {
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
