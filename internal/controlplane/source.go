package controlplane

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// chartSourceCondition says where the charts of a release come from that is not built in, and
// whether their source answers. It is absent for a release that is built in.
const chartSourceCondition = "ChartSourceAvailable"

// sourceRecheck is how often the state of a chart source is looked at again.
const sourceRecheck = 10 * time.Minute

func describeSource(icp *v1alpha1.IstioControlPlane, source istio.Source) {
	if source.BuiltIn() {
		meta.RemoveStatusCondition(&icp.Status.Conditions, chartSourceCondition)
		return
	}
	condition := metav1.Condition{
		Type: chartSourceCondition, Status: metav1.ConditionTrue, ObservedGeneration: icp.Generation,
		Reason: "Fetched", Message: fmt.Sprintf("the charts come from chart source %s", source),
	}
	if source.Problem != "" {
		condition.Status, condition.Reason = metav1.ConditionFalse, "CopyUsed"
		condition.Message = fmt.Sprintf("%s; the copy of its charts as of %s is used", source.Problem, source.Copied.UTC().Format(time.RFC3339))
	}
	meta.SetStatusCondition(&icp.Status.Conditions, condition)
}

// rechecked has the state of a chart source looked at again.
func rechecked(outcome kube.Outcome, source istio.Source) kube.Outcome {
	if !source.BuiltIn() && (outcome.RequeueAfter == 0 || outcome.RequeueAfter > sourceRecheck) {
		outcome.RequeueAfter = sourceRecheck
	}
	return outcome
}
