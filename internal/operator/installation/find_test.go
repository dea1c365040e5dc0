package installation

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Somebody leads who renewed the Lease lately, give or take what clocks differ; one who gave it away or died does not.
func TestWhoHoldsTheLease(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	lease := func(holder string, age time.Duration) coordinationv1.LeaseSpec {
		return coordinationv1.LeaseSpec{
			HolderIdentity: &holder, LeaseDurationSeconds: new(int32(15)), RenewTime: new(metav1.NewMicroTime(now.Add(-age))),
		}
	}
	for name, test := range map[string]struct {
		lease coordinationv1.LeaseSpec
		want  bool
	}{
		"renewed now":         {lease("a", time.Second), true},
		"clocks differ":       {lease("a", 20*time.Second), true},
		"of one that died":    {lease("a", time.Minute), false},
		"given away":          {lease("", time.Second), false},
		"never held":          {coordinationv1.LeaseSpec{}, false},
		"renewed in a future": {lease("a", -time.Minute), true},
	} {
		if got := held(test.lease, now); got != test.want {
			t.Errorf("%s: held %v, want %v", name, got, test.want)
		}
	}
}
