package initproc

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// lookPath finds the program in the container: a name without a slash along PATH.
func lookPath(args, env []string) (string, error) {
	if len(args) == 0 || args[0] == "" {
		return "", errors.New("no command")
	}
	name := args[0]
	if strings.Contains(name, "/") {
		return name, executable(name)
	}
	var dirs string
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, "PATH="); ok {
			dirs = value
		}
	}
	for dir := range strings.SplitSeq(dirs, ":") {
		if file := path.Join(dir, name); executable(file) == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("exec: %q: executable file not found in $PATH", name)
}

func executable(file string) error {
	var stat unix.Stat_t
	err := unix.Stat(file, &stat)
	switch {
	case err != nil:
	case stat.Mode&unix.S_IFMT != unix.S_IFREG || stat.Mode&0o111 == 0:
		err = unix.EACCES
	}
	if err != nil {
		return fmt.Errorf("exec: %q: %w", file, err)
	}
	return nil
}
