package chart_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshmanager/smm/internal/operator/chart"
	"github.com/meshmanager/smm/internal/platform"
)

// The chart brings the role that the imperative installation makes itself, with the same rights.
func TestTheChartHasTheImpersonator(t *testing.T) {
	objects, err := chart.Render("smm-system", nil, "v1.36.3")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetKind() != "ClusterRole" || object.GetName() != platform.ImpersonatorRole {
			continue
		}
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(platform.Impersonator().Rules, role.Rules); diff != "" {
			t.Error(diff)
		}
		return
	}
	t.Error("the chart has no role " + platform.ImpersonatorRole)
}
