package controlplane_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	kubetest.Main(m)
}

const (
	pollInterval = 50 * time.Millisecond
	pollTimeout  = 60 * time.Second
)

func newClient(t testing.TB, config *rest.Config) client.WithWatch {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eventually waits until the condition holds, and fails the test with what it last said if it does
// not in time.
func eventually(t testing.TB, condition func(ctx context.Context) (problem string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pollTimeout)
	defer cancel()
	var problem string
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		problem = condition(ctx)
		return problem == "", nil
	})
	if err != nil {
		t.Fatalf("%s: %s", err, problem)
	}
}
