package podvolume

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	volumeutil "k8s.io/kubernetes/pkg/volume/util"

	"github.com/meshmanager/smm/sandbox/internal/node/podfield"
)

// stored is a namespace with one ConfigMap "cm" and one Secret "sec".
type stored struct{}

func (stored) ConfigMap(name string) (*corev1.ConfigMap, error) {
	if name != "cm" {
		return nil, apierrors.NewNotFound(corev1.Resource("configmap"), name)
	}
	return &corev1.ConfigMap{Data: map[string]string{"a": "1", "b": "2"}, BinaryData: map[string][]byte{"bin": {0}}}, nil
}

func (stored) Secret(name string) (*corev1.Secret, error) {
	if name != "sec" {
		return nil, apierrors.NewNotFound(corev1.Resource("secret"), name)
	}
	return &corev1.Secret{Data: map[string][]byte{"key": []byte("k")}}, nil
}

var from = Sources{
	View: podfield.View{
		Pod: &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", Labels: map[string]string{"app": "x"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c"}}},
		},
		Machine: corev1.ResourceList{"cpu": resource.MustParse("2")},
	},
	Objects: stored{},
	Token: func(want *corev1.ServiceAccountTokenProjection) (string, error) {
		if want.Audience == "refused" {
			return "", errors.New("no token")
		}
		return "token for " + want.Audience, nil
	},
}

func projected(mode int32, sources ...corev1.VolumeProjection) corev1.VolumeSource {
	return corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{DefaultMode: &mode, Sources: sources}}
}

func TestPayload(t *testing.T) {
	yes, private, own := true, int32(0o600), int32(0o640)
	cm := corev1.LocalObjectReference{Name: "cm"}
	none := corev1.LocalObjectReference{Name: "none"}
	file := func(data string, mode int32) volumeutil.FileProjection {
		return volumeutil.FileProjection{Data: []byte(data), Mode: mode}
	}
	tests := []struct {
		name   string
		source corev1.VolumeSource
		want   Files
		fail   string
	}{
		{name: "a whole ConfigMap", source: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: cm}},
			want: Files{"a": file("1", 0o644), "b": file("2", 0o644), "bin": file("\x00", 0o644)}},
		{name: "items of a ConfigMap at paths and modes of their own", source: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: cm, DefaultMode: &private,
			Items: []corev1.KeyToPath{{Key: "a", Path: "sub/one"}, {Key: "b", Path: "two", Mode: &own}}}},
			want: Files{"sub/one": file("1", 0o600), "two": file("2", 0o640)}},
		{name: "a missing ConfigMap", source: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: none}},
			fail: `configmap "none" not found`},
		{name: "an optional one", source: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: none, Optional: &yes}}},
		{name: "a missing key", source: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: cm, Items: []corev1.KeyToPath{{Key: "z", Path: "z"}}}}, fail: `configmap "cm" references non-existent key: z`},
		{name: "an optional key", source: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: cm, Optional: &yes, Items: []corev1.KeyToPath{{Key: "z", Path: "z"}}}}, want: Files{}},
		{name: "a Secret", source: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "sec", DefaultMode: &private}},
			want: Files{"key": file("k", 0o600)}},
		{name: "a missing Secret", source: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "none"}}, fail: `secret "none" not found`},
		{name: "the downward API", source: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{
			{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.labels"}},
			{Path: "cpu", Mode: &own, ResourceFieldRef: &corev1.ResourceFieldSelector{ContainerName: "c", Resource: "limits.cpu"}}}}},
			want: Files{"labels": file(`app="x"`, 0o644), "cpu": file("2", 0o640)}},
		{name: "several sources in one volume", source: projected(0o444,
			corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", Audience: "istio-ca"}},
			corev1.VolumeProjection{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: cm, Items: []corev1.KeyToPath{{Key: "a", Path: "ca"}}}},
			corev1.VolumeProjection{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "sec"}}},
			corev1.VolumeProjection{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}}}}),
			want: Files{"token": file("token for istio-ca", 0o444), "ca": file("1", 0o444), "key": file("k", 0o444), "namespace": file("n", 0o444)}},
		{name: "no token", source: projected(0o444, corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "refused"}}),
			fail: "no token"},
		{name: "a projection that the sandbox does not have", source: projected(0o444, corev1.VolumeProjection{ClusterTrustBundle: &corev1.ClusterTrustBundleProjection{}}),
			fail: "the sandbox has no such projection (clusterTrustBundle, podCertificate)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := &corev1.Volume{Name: "v", VolumeSource: test.source}
			if !IsGenerated(v) {
				t.Fatal("not a generated volume")
			}
			got, err := Payload(v, from)
			if test.fail != "" {
				if err == nil || err.Error() != test.fail {
					t.Fatalf("error %v, want %s", err, test.fail)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}
