//go:build linux

package world

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReport(t *testing.T) {
	for name, test := range map[string]struct {
		sent       error
		want       string
		namespaces bool
	}{
		"success":       {nil, "", false},
		"a mistake":     {errors.New("disk full"), "disk full", false},
		"no namespaces": {fmt.Errorf("%w: mounting /proc: %w", ErrNamespaces, syscall.EPERM), "mounting /proc", true},
	} {
		t.Run(name, func(t *testing.T) {
			got := ParseReport(EncodeReport(test.sent))
			expectError(t, got, test.want)
			if errors.Is(got, ErrNamespaces) != test.namespaces {
				t.Errorf("%v: blames namespaces: %v", got, !test.namespaces)
			}
		})
	}
	expectError(t, ParseReport(nil), "died")
}

func TestDeniedIsOneLineWithAWayOut(t *testing.T) {
	err := denied(errors.Join(fmt.Errorf("%w: first", ErrNamespaces), fmt.Errorf("%w: second", ErrNamespaces)))
	if !errors.Is(err, ErrUnsupported) {
		t.Error("not marked as unsupported")
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
	for _, part := range []string{"kind create cluster", "smm install -a", "first", "second"} {
		expectError(t, err, part)
	}
}

func TestRemedy(t *testing.T) {
	for name, test := range map[string]struct {
		uid      int
		settings map[string]string
		want     string
	}{
		"AppArmor": {1000, map[string]string{"kernel/apparmor_restrict_unprivileged_userns": "1"}, "sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
		"Debian":   {1000, map[string]string{"kernel/unprivileged_userns_clone": "0"}, "sysctl kernel.unprivileged_userns_clone=1"},
		"limit":    {1000, map[string]string{"user/max_user_namespaces": "0"}, "sysctl user.max_user_namespaces="},
		"unknown":  {1000, map[string]string{"kernel/apparmor_restrict_unprivileged_userns": "0"}, "run it as root"},
		"root":     {0, map[string]string{"user/max_user_namespaces": "0"}, "container"},
	} {
		t.Run(name, func(t *testing.T) {
			got := remedy(test.uid, func(name string) string { return test.settings[name] })
			if !strings.Contains(got, test.want) {
				t.Errorf("remedy %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestIsolations(t *testing.T) {
	const userNamespace = syscall.CLONE_NEWUSER
	kinds := func(uid int) (kinds []bool) {
		for _, attributes := range isolations(uid, uid) {
			kinds = append(kinds, attributes.Cloneflags&userNamespace != 0)
		}
		return kinds
	}
	if diff := cmp.Diff([]bool{true}, kinds(1000)); diff != "" {
		t.Errorf("a user must have a user namespace (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, true}, kinds(0)); diff != "" {
		t.Errorf("root should need none (-want +got):\n%s", diff)
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"PATH=/bin", "HTTPS_PROXY=http://proxy", "KUBECONFIG=/k", "AWS_SECRET=x", "GOGC=50", "=odd"})
	if diff := cmp.Diff([]string{"PATH=/bin", "GOGC=50"}, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}
