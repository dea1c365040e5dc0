package node

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestStatusPatch(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{UID: "u", ResourceVersion: "7"},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, Reason: "Old", PodIPs: []corev1.PodIP{{IP: "10.201.0.2"}}},
	}
	status := *pod.Status.DeepCopy()
	if patch, err := statusPatch(pod, status); patch != nil || err != nil {
		t.Errorf("the same status is patched with %s, %v", patch, err)
	}
	status.Reason, status.Message, status.PodIPs = "", "new", []corev1.PodIP{{IP: "10.201.0.3"}}
	patch, err := statusPatch(pod, status)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"metadata":{"resourceVersion":"7","uid":"u"},"status":{"message":"new","podIPs":[{"ip":"10.201.0.3"}],"reason":null}}`
	if diff := cmp.Diff(want, string(patch)); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
}
