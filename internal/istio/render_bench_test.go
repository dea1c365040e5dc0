package istio_test

import (
	"testing"

	"github.com/meshmanager/smm/internal/istio"
)

func BenchmarkRenderControlPlane(b *testing.B) {
	release := istio.Builtin()[0]
	for b.Loop() {
		if _, err := release.ControlPlane(istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}, nil, "v1.36.3"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRenderBase(b *testing.B) {
	release := istio.Builtin()[0]
	for b.Loop() {
		if _, err := release.Base(istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}, "v1.36.3"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCRDs(b *testing.B) {
	release := istio.Builtin()[0]
	for b.Loop() {
		if _, err := release.CRDs(); err != nil {
			b.Fatal(err)
		}
	}
}
