package cli

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// runAsSMM is the environment variable that turns this test binary into smm, for tests that need a process of its own.
const runAsSMM = "SMM_TEST_RUN_AS_SMM"

func TestMain(m *testing.M) {
	if os.Getenv(runAsSMM) != "" {
		os.Exit(Main(Build{Version: "test"}, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	routeClientLogs(slog.New(slog.DiscardHandler)) // before anything runs
	kubetest.Main(m)
}

// run executes smm in this process and returns its exit code and what it printed.
func run(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	build := Build{Version: "1.2.3", Commit: "abcdef0", Date: "2026-05-05T20:57:58Z"}
	code = Main(build, args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestVersionHasTheDocumentedForm(t *testing.T) {
	code, out, _ := run(t, "--version")
	if want := "Service Mesh Manager CLI version 1.2.3 (abcdef0) built on 2026-05-05T20:57:58Z\n"; code != exitOK || out != want {
		t.Errorf("smm --version: exit code %d, output %q; want %q", code, out, want)
	}
}

func TestUsageErrorsExitWithTwoAndPointToHelp(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"unknown command":     {[]string{"instal"}, `unknown command "instal"`},
		"unknown sub-command": {[]string{"sandbox", "start"}, `unknown command "start" for "smm sandbox"`},
		"unknown flag":        {[]string{"sandbox", "--fast"}, "unknown flag: --fast"},
		"wrong output format": {[]string{"sandbox", "-o", "xml"}, "must be table, json or yaml"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, test.args...)
			if code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			if out != "" {
				t.Errorf("standard output must stay empty, got %q", out)
			}
			if !strings.Contains(errOut, test.want) || !strings.Contains(errOut, "--help") {
				t.Errorf("error output %q must contain %q and point to --help", errOut, test.want)
			}
		})
	}
}

func TestErrorsAreOneLine(t *testing.T) {
	err := errors.Join(errors.New("first"), fmt.Errorf("second:\n\tdetail"))
	if got, want := oneLine(err), "first; second:; detail"; got != want {
		t.Errorf("oneLine = %q, want %q", got, want)
	}
}
