package podvolume

import (
	"context"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// tokens keeps the tokens of one pod.
type tokens struct {
	client kubernetes.Interface
	now    func() time.Time
	held   map[tokenKey]heldToken
}

type tokenKey struct {
	audience string
	seconds  int64
}

type heldToken struct {
	value            string
	renewAt, expires time.Time
}

// maxTokenAge is when even a long-lived token is replaced.
const maxTokenAge = 24 * time.Hour

// renewal is when a token is to be replaced: at 80 % of its life, and daily.
func renewal(issued, expires time.Time) time.Time {
	return issued.Add(min(expires.Sub(issued)*4/5, maxTokenAge))
}

// get returns a token for the pod: one that it has as long as that is fresh, and also when no new one
// can be had before it expires.
func (t *tokens) get(ctx context.Context, pod *corev1.Pod, want *corev1.ServiceAccountTokenProjection) (string, error) {
	key := tokenKey{audience: want.Audience}
	if want.ExpirationSeconds != nil {
		key.seconds = *want.ExpirationSeconds
	}
	now := t.now()
	held, found := t.held[key]
	if found && now.Before(held.renewAt) {
		return held.value, nil
	}
	fresh, err := t.request(ctx, pod, want)
	switch {
	case err == nil:
		t.held[key] = fresh
		return fresh.value, nil
	case found && now.Before(held.expires):
		held.renewAt = now.Add(retryRenewal)
		t.held[key] = held
		return held.value, nil
	}
	return "", fmt.Errorf("requesting a token of service account %s: %w", pod.Spec.ServiceAccountName, err)
}

// retryRenewal is the pause after a failed attempt to replace a token that is still good.
const retryRenewal = 5 * time.Second

func (t *tokens) request(ctx context.Context, pod *corev1.Pod, want *corev1.ServiceAccountTokenProjection) (heldToken, error) {
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: want.ExpirationSeconds,
		BoundObjectRef: &authenticationv1.BoundObjectReference{
			APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID,
		},
	}}
	if want.Audience != "" {
		request.Spec.Audiences = []string{want.Audience}
	}
	issued := t.now()
	answer, err := t.client.CoreV1().ServiceAccounts(pod.Namespace).
		CreateToken(ctx, pod.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return heldToken{}, err
	}
	expires := answer.Status.ExpirationTimestamp.Time
	return heldToken{value: answer.Status.Token, renewAt: renewal(issued, expires), expires: expires}, nil
}

// due is when the first token is to be replaced; zero when there is none.
func (t *tokens) due() time.Time {
	var first time.Time
	for _, held := range t.held {
		if first.IsZero() || held.renewAt.Before(first) {
			first = held.renewAt
		}
	}
	return first
}
