package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAMissingSandboxProgramSaysHowToBuildIt(t *testing.T) {
	_, err := besides("/usr/local/bin/smm", "smm-sandbox")
	if err == nil || !strings.Contains(err.Error(), "smm-sandbox is not beside smm in /usr/local/bin") || !strings.Contains(err.Error(), "make build") {
		t.Errorf("error: %v", err)
	}
}

// smmBeside lays this test binary, which runs as smm, beside a program that stands for smm-sandbox, and returns its path.
func smmBeside(t *testing.T, script string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"smm": program, "smm-sandbox": []byte("#!/bin/sh\n" + script)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "smm")
}

func TestSandboxCommandsReachTheProgram(t *testing.T) {
	smm := smmBeside(t, `echo "$@"; exit 7`)
	tests := map[string]struct{ args, want string }{
		"up resumes what there is":    {"sandbox up", "up"},
		"up with clusters":            {"sandbox up --clusters 2 --state-dir /s", "up --state-dir /s --clusters=2"},
		"status in the chosen format": {"sandbox status -o json", "status --output json"},
		"all kubeconfigs":             {"sandbox kubeconfig --all", "kubeconfig --all=true"},
		"kubectl's own flags":         {"sandbox kubectl get pods -A -o wide", "kubectl get pods -A -o wide"},
		"down":                        {"sandbox down", "down"},
		"down that keeps the state":   {"sandbox down --keep-state", "down --keep-state=true"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			command := exec.CommandContext(t.Context(), smm, strings.Fields(test.args)...)
			command.Env = append(os.Environ(), runAsSMM+"=1")
			command.Stdout, command.Stderr = &out, &errOut
			err := command.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 7 {
				t.Errorf("the program's exit code must be smm's, got %v", err)
			}
			if got := strings.TrimSpace(out.String()); got != test.want {
				t.Errorf("it was called with %q, want %q", got, test.want)
			}
			if errOut.Len() > 0 {
				t.Errorf("smm must leave the explanation to the program, said %q", errOut.String())
			}
		})
	}
}
