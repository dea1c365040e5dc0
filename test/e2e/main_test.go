// Package e2e tests the product as its users meet it: on a running sandbox with the mesh and the demo application,
// through the command line, kubectl and ordinary Kubernetes clients.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// sandbox is a sandbox with one cluster.
type sandbox struct {
	*sandboxtest.Sandbox
	*sandboxtest.Cluster
}

// box is the sandbox that all tests share.
var box sandbox

// TestMain starts one sandbox for all tests, ends it whatever happens, and looks for what it left behind.
func TestMain(m *testing.M) {
	if done, code := sandboxtest.ActAsChild(); done {
		os.Exit(code)
	}
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	if err := sandboxtest.NamespacesAllowed(); err != nil {
		fmt.Printf("SKIP: the sandbox needs namespaces, which this machine forbids: %v\n", err)
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	started, err := sandboxtest.Start(ctx, "--demo")
	if err != nil {
		return fail(err)
	}
	stop() // from here on an interrupt may end this process: the sandbox ends with it
	box = sandbox{started, started.Clusters[0]}
	code := m.Run()
	if err := box.End(); err != nil {
		return fail(err)
	}
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "FAIL:", err)
	return 1
}
