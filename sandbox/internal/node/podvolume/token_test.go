package podvolume

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func TestRenewal(t *testing.T) {
	issued := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	for life, want := range map[time.Duration]time.Duration{
		10 * time.Minute:    8 * time.Minute,
		time.Hour:           48 * time.Minute,
		10 * 24 * time.Hour: 24 * time.Hour,
	} {
		if got := renewal(issued, issued.Add(life)).Sub(issued); got != want {
			t.Errorf("a token for %v is renewed after %v, want %v", life, got, want)
		}
	}
}

// A token is asked for once, again when 80 % of its life are over, and an old one serves as long as it
// is valid while the API server gives no new one.
func TestTokensAreHeldAndRenewed(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	issued, down := 0, false
	client := fake.NewClientset()
	client.PrependReactor("create", "serviceaccounts", func(clienttesting.Action) (bool, runtime.Object, error) {
		if down {
			return true, nil, errors.New("down")
		}
		issued++
		return true, &authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{
			Token: fmt.Sprint("token ", issued), ExpirationTimestamp: metav1.NewTime(now.Add(10 * time.Minute))}}, nil
	})
	held := tokens{client: client, now: func() time.Time { return now }, held: map[tokenKey]heldToken{}}
	get := func() (string, error) {
		return held.get(context.Background(), &corev1.Pod{}, &corev1.ServiceAccountTokenProjection{Audience: "a"})
	}
	steps := []struct {
		after time.Duration
		down  bool
		want  string
	}{
		{0, false, "token 1"},
		{7 * time.Minute, false, "token 1"},
		{2 * time.Minute, false, "token 2"},
		{9 * time.Minute, true, "token 2"},
		{2 * time.Minute, true, ""},
		{0, false, "token 3"},
	}
	for i, step := range steps {
		now, down = now.Add(step.after), step.down
		got, err := get()
		if got != step.want || (err != nil) != (step.want == "") {
			t.Errorf("step %d: %q, %v; want %q", i, got, err, step.want)
		}
	}
	if due := held.due(); !due.Equal(now.Add(8 * time.Minute)) {
		t.Errorf("next renewal %v after now, want 8m", due.Sub(now))
	}
}
