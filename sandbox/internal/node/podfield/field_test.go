package podfield

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var view = View{
	Pod: &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "p", Namespace: "n", UID: "u",
			Labels:      map[string]string{"app": "movies", "version": "v1"},
			Annotations: map[string]string{"example.com/note": "two\nlines"},
		},
		Spec: corev1.PodSpec{
			NodeName: "c1-node", ServiceAccountName: "sa",
			Containers: []corev1.Container{
				{Name: "limited", Resources: corev1.ResourceRequirements{
					Limits:   corev1.ResourceList{"cpu": resource.MustParse("1500m"), "memory": resource.MustParse("64Mi")},
					Requests: corev1.ResourceList{"cpu": resource.MustParse("100m")},
				}},
				{Name: "free"},
			},
		},
	},
	IP: "10.201.0.7", HostIP: "10.201.0.1",
	Machine: corev1.ResourceList{"cpu": resource.MustParse("2"), "memory": resource.MustParse("4Gi")},
}

func TestField(t *testing.T) {
	for path, want := range map[string]string{
		"metadata.name":                            "p",
		"metadata.namespace":                       "n",
		"metadata.uid":                             "u",
		"metadata.labels":                          "app=\"movies\"\nversion=\"v1\"",
		"metadata.labels['app']":                   "movies",
		"metadata.labels['none']":                  "",
		"metadata.annotations":                     `example.com/note="two\nlines"`,
		"metadata.annotations['example.com/note']": "two\nlines",
		"spec.nodeName":                            "c1-node",
		"spec.serviceAccountName":                  "sa",
		"status.podIP":                             "10.201.0.7",
		"status.podIPs":                            "10.201.0.7",
		"status.hostIP":                            "10.201.0.1",
		"status.hostIPs":                           "10.201.0.1",
	} {
		got, err := view.Field(&corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path})
		if err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", path, got, err, want)
		}
	}
	if _, err := view.Field(&corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "spec.hostname"}); err == nil {
		t.Error("a field that containers may not see was read")
	}
}

func TestResource(t *testing.T) {
	tests := []struct{ own, named, resource, divisor, want string }{
		{"limited", "", "limits.cpu", "0", "2"},
		{"limited", "", "limits.cpu", "1m", "1500"},
		{"limited", "", "limits.memory", "1Mi", "64"},
		{"limited", "", "requests.cpu", "1m", "100"},
		{"free", "", "limits.memory", "1Gi", "4"},
		{"free", "limited", "limits.memory", "0", "67108864"},
	}
	for _, test := range tests {
		got, err := view.Resource(test.own, &corev1.ResourceFieldSelector{
			ContainerName: test.named, Resource: test.resource, Divisor: resource.MustParse(test.divisor)})
		if err != nil || got != test.want {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
	if _, err := view.Resource("free", &corev1.ResourceFieldSelector{ContainerName: "other", Resource: "limits.cpu"}); err == nil {
		t.Error("a resource of an unknown container was read")
	}
}
