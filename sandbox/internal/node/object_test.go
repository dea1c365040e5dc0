package node

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// The status is written when it changed or when it is old, and not for the time alone.
func TestReportDue(t *testing.T) {
	config := Config{NodeName: "n", NodeIP: "10.201.0.1", Address: "10.201.0.1:10250"}
	size := corev1.ResourceList{"cpu": resource.MustParse("2"), "memory": resource.MustParse("1Gi")}
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	present := nodeStatus(corev1.NodeStatus{}, config, size, began)
	lost := *present.DeepCopy()
	lost.Conditions[0].Status = corev1.ConditionUnknown
	for name, test := range map[string]struct {
		present corev1.NodeStatus
		after   time.Duration
		want    bool
	}{
		"of a new node":             {corev1.NodeStatus{}, 0, true},
		"unchanged":                 {present, time.Minute, false},
		"unchanged for a long time": {present, 6 * time.Minute, true},
		"changed by somebody else":  {lost, time.Minute, true},
	} {
		now := began.Add(test.after)
		if got := reportDue(test.present, nodeStatus(test.present, config, size, now), now); got != test.want {
			t.Errorf("status %s: due %v", name, got)
		}
	}
}

// Transition times tell when a condition changed, not when it was reported.
func TestNodeStatusKeepsTransitionTimes(t *testing.T) {
	config := Config{Address: "10.201.0.1:10250"}
	size := corev1.ResourceList{}
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first := nodeStatus(corev1.NodeStatus{}, config, size, began)
	second := nodeStatus(first, config, size, began.Add(time.Hour))
	for i, condition := range second.Conditions {
		if !condition.LastTransitionTime.Time.Equal(began) || !condition.LastHeartbeatTime.Time.Equal(began.Add(time.Hour)) {
			t.Errorf("condition %s: transition %v, heartbeat %v", first.Conditions[i].Type, condition.LastTransitionTime, condition.LastHeartbeatTime)
		}
	}
}
