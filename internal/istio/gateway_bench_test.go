package istio_test

import (
	"testing"

	"github.com/meshmanager/smm/internal/istio"
)

func BenchmarkRenderGateway(b *testing.B) {
	release := istio.Builtin()[0]
	for b.Loop() {
		if _, err := release.Gateway(istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}, "default", "demo-gw", nil, "v1.36.3"); err != nil {
			b.Fatal(err)
		}
	}
}
