// Package e2e tests the product as its users meet it: on a running sandbox with the mesh and the demo application,
// through the command line, kubectl and ordinary Kubernetes clients.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	upTimeout      = 6 * time.Minute // on a loaded machine of 2 cores; usually half a minute
	downTimeout    = 2 * time.Minute
	commandTimeout = time.Minute

	// patience is how long tests wait for what usually takes a second or two.
	patience = 30 * time.Second
)

// box is the sandbox that all tests share.
var box *sandbox

// TestMain starts one sandbox for all tests, ends it whatever happens, and looks for what it left behind.
func TestMain(m *testing.M) {
	if done, code := actAsChild(); done {
		os.Exit(code)
	}
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	if err := namespacesAllowed(); err != nil {
		fmt.Printf("SKIP: the sandbox needs namespaces, which this machine forbids: %v\n", err)
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "smm-e2e-")
	if err != nil {
		return fail(err)
	}
	box = &sandbox{smm: filepath.Join(binaries(), "smm"), stateDir: filepath.Join(dir, "state")}
	guard, err := startGuardian(box)
	if err != nil {
		return fail(err)
	}
	before, err := observeMachine()
	if err != nil {
		return fail(err)
	}

	code := 0
	if err := box.up(ctx); err != nil {
		code = fail(err)
	} else {
		stop() // from here on an interrupt may end this process: the guardian sees to the rest
		code = m.Run()
	}

	processes, err := box.processes()
	err = errors.Join(err, guard.end(), leftovers(box, before, processes))
	if err != nil {
		return fail(fmt.Errorf("after `smm sandbox down`: %w", err))
	}
	fmt.Printf("`smm sandbox down` left nothing of %d processes behind\n", len(processes))
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "FAIL:", err)
	return 1
}

// binaries is the directory of the programs under test.
func binaries() string {
	if dir := os.Getenv("SMM_BIN"); dir != "" {
		return dir
	}
	dir, err := filepath.Abs("../../bin")
	if err != nil {
		return "../../bin"
	}
	return dir
}
