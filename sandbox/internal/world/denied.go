//go:build linux

package world

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrUnsupported means that this machine, or this user on it, cannot run a sandbox at all.
var ErrUnsupported = errors.New("the sandbox cannot run here")

// denied explains in one line why there are no namespaces, and what to do instead.
func denied(err error) error {
	return fmt.Errorf("%w: %s (%w); or use another cluster, for instance `kind create cluster` and then `smm install -a`",
		ErrUnsupported, remedy(os.Getuid(), readSetting), oneLine(err))
}

// restriction is a setting of the kernel that forbids user namespaces when it
// has one value, and allows them when it has the other.
type restriction struct{ setting, forbids, allows string }

func restrictions() []restriction {
	return []restriction{
		{"kernel/apparmor_restrict_unprivileged_userns", "1", "0"},
		{"kernel/unprivileged_userns_clone", "0", "1"},
		{"user/max_user_namespaces", "0", "10000"},
	}
}

// remedy names the setting that is to blame, as far as one can know.
func remedy(uid int, setting func(string) string) string {
	if uid == 0 {
		return "it needs namespaces, which are forbidden to this process, probably because it is in a container: run it outside or in a privileged one"
	}
	for _, r := range restrictions() {
		if setting(r.setting) == r.forbids {
			name := strings.ReplaceAll(r.setting, "/", ".")
			return fmt.Sprintf("it needs user namespaces, which %s=%s forbids: allow them with `sudo sysctl %s=%s` or run it as root",
				name, r.forbids, name, r.allows)
		}
	}
	return "it needs user namespaces, which are forbidden to this user: run it as root, or outside of a container"
}

func readSetting(name string) string {
	value, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(value))
}

// oneLine keeps the kind of a joined error but not its line breaks.
func oneLine(err error) error { return flat{err} }

type flat struct{ error }

func (f flat) Error() string { return strings.ReplaceAll(f.error.Error(), "\n", "; ") }
func (f flat) Unwrap() error { return f.error }
