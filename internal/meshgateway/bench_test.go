package meshgateway_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// gatewayCount is how many gateways the measurements are about.
const gatewayCount = 100

// BenchmarkHundredGateways measures the operator's work for many gateways: from the first one applied to
// all available at the API server, and what it takes in memory; then how long looking at all of
// them takes when nothing is to be done. The process measured also holds the test's own client,
// node and load balancer.
func BenchmarkHundredGateways(b *testing.B) {
	m := newMesh(b)
	m.controlPlane("cp-v131x", metav1.ConditionTrue)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go m.balanceAll(ctx)
	stop := m.operate(ctx)
	defer stop()
	for b.Loop() {
		used, started := cpuTime(b), time.Now()
		for i := range gatewayCount {
			m.gateway(gatewayName(i), "cp-v131x")
		}
		m.awaitAll("all gateways to be available", gatewayCount, func(gateway *v1alpha1.IstioMeshGateway) bool {
			return gateway.Status.Status == v1alpha1.ConfigStateAvailable
		})
		b.ReportMetric(time.Since(started).Seconds(), "s-to-available")
		b.ReportMetric((cpuTime(b) - used).Seconds(), "s-cpu")
		b.ReportMetric(peakMemory(b), "MiB-peak")
		m.measureUnchanged(b)
		m.removeAll(b)
	}
}

func gatewayName(i int) string { return fmt.Sprintf("gateway-%d", i) }

// awaitAll waits until so many gateways exist and all are as wanted.
func (m *mesh) awaitAll(what string, count int, wanted func(*v1alpha1.IstioMeshGateway) bool) {
	m.t.Helper()
	m.eventually(what, func(ctx context.Context) (bool, error) {
		var all v1alpha1.IstioMeshGatewayList
		if err := m.client.List(ctx, &all, client.InNamespace(m.namespace)); err != nil {
			return false, err
		}
		for i := range all.Items {
			if !wanted(&all.Items[i]) {
				return false, nil
			}
		}
		return len(all.Items) == count, nil
	})
}

// removeAll deletes the gateways and waits until they are gone, for the next round.
func (m *mesh) removeAll(b *testing.B) {
	b.Helper()
	if err := m.client.DeleteAllOf(b.Context(), &v1alpha1.IstioMeshGateway{}, client.InNamespace(m.namespace)); err != nil {
		b.Fatal(err)
	}
	m.awaitAll("all gateways to go", 0, func(*v1alpha1.IstioMeshGateway) bool { return true })
}

// parallel is how many gateways are looked at at the same time, as by the operator and the command line.
const parallel = 4

// measureUnchanged looks at all gateways twice with a process of its own: the first time it has to
// find out that nothing is to be done, the second time it knows.
func (m *mesh) measureUnchanged(b *testing.B) {
	config, counter := counting(m.config, 0)
	reconciler := m.reconciler(config)
	look := func() time.Duration {
		started := time.Now()
		var group errgroup.Group
		group.SetLimit(parallel)
		for i := range gatewayCount {
			group.Go(func() error {
				key := client.ObjectKey{Namespace: m.namespace, Name: gatewayName(i)}
				outcome, err := reconciler.Reconcile(b.Context(), key)
				if err == nil && !outcome.Done {
					err = fmt.Errorf("%s waits for %s", key, outcome.Waiting)
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			b.Fatal(err)
		}
		return time.Since(started)
	}
	b.ReportMetric(look().Seconds(), "s-first-look")
	b.ReportMetric(look().Seconds(), "s-unchanged")
	if writes := counter.writes.Load(); writes > 0 {
		b.Errorf("looking at unchanged gateways wrote %d times; want 0", writes)
	}
}

// cpuTime is what the process has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peakMemory is the most memory that the process had at once, in MiB.
func peakMemory(b *testing.B) float64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Maxrss) / 1024
}
