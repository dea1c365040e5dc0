package controlplane_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/istio/charttest"
	"github.com/meshmanager/smm/internal/istio/releases"
	"github.com/meshmanager/smm/internal/kube"
)

// A control plane of a version that a chart source has is installed from there, rounds in which
// nothing changed ask the source nothing, and it goes on when the source does not answer.
func TestControlPlaneOfAChartSource(t *testing.T) {
	w := newWorld(t)
	server := charttest.NewRepository(t, "1.32.0")
	var hours atomic.Int64
	w.controlPlanes = controlplane.NewReconciler(w.client, kube.NewApplier(w.client), releases.New(releases.Options{
		Sources: []smmv1alpha1.ChartSource{{Name: "acme", URL: server.URL}},
		Stores: chartsource.Options{CacheDir: t.TempDir(), Now: func() time.Time {
			return time.Date(2026, 11, 27, int(hours.Load()), 0, 0, 0, time.UTC)
		}},
	}), "v1.36.3")
	w.controlPlane("cp-v132x", "{version: 1.32.0, mode: ACTIVE}")
	w.available("cp-v132x")
	checkSource := func(status metav1.ConditionStatus, want string) {
		t.Helper()
		condition := meta.FindStatusCondition(w.read("cp-v132x").Status.Conditions, "ChartSourceAvailable")
		if condition == nil || condition.Status != status || !strings.Contains(condition.Message, want) {
			t.Errorf("condition %+v; want %s and %q", condition, status, want)
		}
	}
	checkSource(metav1.ConditionTrue, "the charts come from chart source acme ("+server.URL+")")
	server.Requests()
	before := w.read("cp-v132x").ResourceVersion
	for range 3 {
		if _, err := w.round("cp-v132x"); err != nil {
			t.Fatal(err)
		}
	}
	if requests := server.Requests(); len(requests) > 0 || w.read("cp-v132x").ResourceVersion != before {
		t.Errorf("rounds in which nothing changed wrote, or sent requests %v", requests)
	}

	server.Stop()
	hours.Store(2)
	outcome, err := w.round("cp-v132x")
	if err != nil || !outcome.Done || outcome.RequeueAfter == 0 {
		t.Errorf("outcome %+v, %v; want it done, and to look again later", outcome, err)
	}
	checkSource(metav1.ConditionFalse, "cannot be reached: connect: connection refused; the copy of its charts as of 2026-11-27T00:00:00Z is used")

	w.change("cp-v132x", "{version: 1.33.0, mode: ACTIVE}")
	if _, err := w.round("cp-v132x"); err == nil {
		t.Error("a version that nobody has was accepted")
	}
	icp := w.read("cp-v132x")
	if want := `Istio version "1.33.0" is not in the catalogue; available: 1.32.0, 1.31.1`; icp.Status.Status != v1alpha1.ConfigStateReconcileFailed ||
		!strings.HasPrefix(icp.Status.ErrorMessage, want) || !strings.Contains(icp.Status.ErrorMessage, "chart source acme") {
		t.Errorf("status %s: %s; want %s…", icp.Status.Status, icp.Status.ErrorMessage, want)
	}
}
