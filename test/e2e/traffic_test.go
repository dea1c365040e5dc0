package e2e

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	networkingv1alpha3 "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/internal/allspark/serve"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// concurrently makes a caller make its calls by several at a time.
const concurrently = "concurrency=8"

// shiftLimit is how fast traffic must follow a changed VirtualService.
const shiftLimit = 5 * time.Second

func TestTrafficFollowsAVirtualServiceWithinSeconds(t *testing.T) {
	from := box.CallerIn(t, demoNamespace, demoPod(t, "catalog", "v1").Name)
	restoreMovies(t)

	routeMovies(t, map[string]int32{"v1": 100})
	sandboxtest.Eventually(t, sandboxtest.Patience, "all calls go to v1", func() error {
		return shares(from.Call("grpc://movies:8082", 200, concurrently), map[string]float64{"v1": 1})
	})

	start := time.Now()
	routeMovies(t, map[string]int32{"v1": 20, "v2": 80})
	written := time.Since(start)
	sandboxtest.Eventually(t, sandboxtest.Patience, "a call goes to v2", func() error { return answeredBy(from.Call("grpc://movies:8082", 1), "v2") })
	first := time.Since(start)
	want := map[string]float64{"v1": 0.2, "v2": 0.8}
	var settled time.Duration // when the first calls began that were shared as wanted
	sandboxtest.Eventually(t, sandboxtest.Patience, "calls are shared 20 to 80", func() error {
		settled = time.Since(start)
		return shares(from.Call("grpc://movies:8082", 200, concurrently), want)
	})
	if settled > shiftLimit {
		t.Errorf("traffic followed the VirtualService after %v, want %v", settled, shiftLimit)
	}

	report := from.Call("grpc://movies:8082", 2000, concurrently)
	if err := shares(report, want); err != nil {
		t.Error(err)
	}
	t.Logf("VirtualService written after %d ms, first call answered by v2 after %d ms, calls shared as wanted from %d ms on; of 2000 calls %v, at %.0f a second",
		written.Milliseconds(), first.Milliseconds(), settled.Milliseconds(), report.ByVersion, report.PerSecond)
}

func answeredBy(report serve.Report, version string) error {
	if report.ByVersion[version] != report.Sent {
		return fmt.Errorf("answered by %v, errors %v", report.ByVersion, report.Errors)
	}
	return nil
}

// shares compares the calls that each version answered with its share, allowing four standard deviations of the
// binomial distribution: a right share fails once in 16,000 runs.
func shares(report serve.Report, want map[string]float64) error {
	if report.Succeeded != report.Sent {
		return fmt.Errorf("%d of %d calls succeeded: %v", report.Succeeded, report.Sent, report.Messages)
	}
	n := float64(report.Sent)
	for version, share := range want {
		got := float64(report.ByVersion[version])
		if tolerance := 4 * math.Sqrt(n*share*(1-share)); math.Abs(got-n*share) > tolerance {
			return fmt.Errorf("%s answered %.0f of %.0f calls, want %.0f ± %.0f", version, got, n, n*share, tolerance)
		}
	}
	for version, got := range report.ByVersion {
		if want[version] == 0 {
			return fmt.Errorf("%s answered %d calls, want none", version, got)
		}
	}
	return nil
}

// routeMovies sets the weights of the versions of movies.
func routeMovies(t *testing.T, weights map[string]int32) {
	t.Helper()
	route := &networkingv1alpha3.HTTPRoute{}
	for version, weight := range weights {
		route.Route = append(route.Route, &networkingv1alpha3.HTTPRouteDestination{
			Destination: &networkingv1alpha3.Destination{Host: "movies." + demoNamespace + ".svc.cluster.local", Subset: version}, Weight: weight,
		})
	}
	updateMovies(t.Context(), t, func(current *networkingv1.VirtualService) { current.Spec.Http = []*networkingv1alpha3.HTTPRoute{route} })
}

// restoreMovies gives the demo application its own routes back at the end of the test.
func restoreMovies(t *testing.T) {
	t.Helper()
	original, err := istioClient(t).NetworkingV1().VirtualServices(demoNamespace).Get(t.Context(), "movies", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), sandboxtest.Patience)
		defer cancel()
		updateMovies(ctx, t, func(current *networkingv1.VirtualService) { current.Spec.Http = original.Spec.Http })
	})
}

func updateMovies(ctx context.Context, t *testing.T, change func(*networkingv1.VirtualService)) {
	t.Helper()
	client := istioClient(t).NetworkingV1().VirtualServices(demoNamespace)
	current, err := client.Get(ctx, "movies", metav1.GetOptions{})
	if err == nil {
		change(current)
		_, err = client.Update(ctx, current, metav1.UpdateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}
