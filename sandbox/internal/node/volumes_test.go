package node

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func configMap(name, value string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"key": value}}
}

func mounted(pod *corev1.Pod, volume corev1.VolumeSource) {
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "v", VolumeSource: volume})
	for i := range pod.Spec.Containers {
		pod.Spec.Containers[i].VolumeMounts = append(pod.Spec.Containers[i].VolumeMounts, corev1.VolumeMount{Name: "v", MountPath: "/v"})
	}
}

// What changes in a ConfigMap, a Secret or the pod itself reaches the running container.
func TestVolumesAreKeptUpToDate(t *testing.T) {
	c := newCluster(t)
	configMaps, secrets := c.client.CoreV1().ConfigMaps(c.namespace), c.client.CoreV1().Secrets(c.namespace)
	_, err := configMaps.Create(t.Context(), configMap("settings", "old"), metav1.CreateOptions{})
	c.must(err)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "keys"}, Data: map[string][]byte{"secret": []byte("old")}}
	_, err = secrets.Create(t.Context(), secret, metav1.CreateOptions{})
	c.must(err)
	c.create("p", []corev1.Container{app("main", "sleep")}, func(pod *corev1.Pod) {
		pod.Labels = map[string]string{"version": "old"}
		mounted(pod, corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}},
			{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "label", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels['version']"}}}}},
		}}})
	})
	pod := c.waitReady("p")
	files := []string{"cat", "/v/key", "/v/secret", "/v/label"}
	if got := c.mustExec(pod, "main", files...); got != "oldoldold" {
		t.Errorf("files hold %q", got)
	}
	_, err = configMaps.Update(t.Context(), configMap("settings", "new"), metav1.UpdateOptions{})
	c.must(err)
	secret.Data["secret"] = []byte("new")
	_, err = secrets.Update(t.Context(), secret, metav1.UpdateOptions{})
	c.must(err)
	_, err = c.client.CoreV1().Pods(c.namespace).Patch(t.Context(), "p", types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"version":"new"}}}`), metav1.PatchOptions{})
	c.must(err)
	c.eventually("the files are not changed", func() error {
		if got := c.mustExec(pod, "main", files...); got != "newnewnew" {
			return errors.New(got)
		}
		return nil
	})
}

// A pod waits for objects that it refers to, tells so, and goes on when they are there.
func TestMissingObjects(t *testing.T) {
	c := newCluster(t)
	c.create("volume", []corev1.Container{app("main", "sleep")}, func(pod *corev1.Pod) {
		mounted(pod, corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "late"}}})
	})
	env := app("main", "sleep")
	env.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "late"}}}}
	c.create("env", []corev1.Container{env})
	c.waitEvent("volume", "FailedMount", `MountVolume.SetUp failed for volume "v" : configmap "late" not found`)
	c.waitEvent("env", "Failed", `configmap "late" not found`)
	pod := c.wait("env", "waiting", func(pod *corev1.Pod) bool {
		s := pod.Status.ContainerStatuses
		return len(s) == 1 && s[0].State.Waiting != nil && s[0].State.Waiting.Reason == "CreateContainerConfigError"
	})
	if message := pod.Status.ContainerStatuses[0].State.Waiting.Message; message != `configmap "late" not found` {
		t.Errorf("message %q", message)
	}
	_, err := c.client.CoreV1().ConfigMaps(c.namespace).Create(t.Context(), configMap("late", "there"), metav1.CreateOptions{})
	c.must(err)
	c.waitReady("volume")
	if got := c.mustExec(c.waitReady("env"), "main", "env", "key"); got != "key=there\n" {
		t.Errorf("environment %q", got)
	}
}

// Volumes that the sandbox does not have are refused in so many words.
func TestRefusedVolumes(t *testing.T) {
	c := newCluster(t)
	c.claim("claim")
	file, signer := corev1.HostPathFile, "example.com/signer"
	bundle := corev1.VolumeProjection{ClusterTrustBundle: &corev1.ClusterTrustBundleProjection{
		SignerName: &signer, Path: "x", LabelSelector: &metav1.LabelSelector{}}}
	for name, test := range map[string]struct {
		volume corev1.VolumeSource
		event  string
	}{
		"claim": {corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim"}},
			"the sandbox has no volumes of this kind"},
		"path": {corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc/passwd", Type: &file}},
			"containers of the sandbox see nothing of this machine"},
		"bundle": {corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{bundle}}},
			"the sandbox has no such projection"},
	} {
		c.create(name, []corev1.Container{app("main", "sleep")}, func(pod *corev1.Pod) { mounted(pod, test.volume) })
		c.waitEvent(name, "FailedMount", test.event)
		if phase := c.get(name).Status.Phase; phase != corev1.PodPending {
			t.Errorf("%s: phase %s", name, phase)
		}
		c.must(c.client.CoreV1().Pods(c.namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
		c.waitGone(name)
	}
}

// claim makes a claim with a volume of its own, so that the scheduler lets pods have it.
func (c *cluster) claim(name string) {
	c.Helper()
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")}
	modes, class := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, ""
	_, err := c.client.CoreV1().PersistentVolumes().Create(c.Context(), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: c.namespace},
		Spec: corev1.PersistentVolumeSpec{Capacity: size, AccessModes: modes,
			ClaimRef:               &corev1.ObjectReference{Namespace: c.namespace, Name: name},
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/x"}}},
	}, metav1.CreateOptions{})
	c.must(err)
	_, err = c.client.CoreV1().PersistentVolumeClaims(c.namespace).Create(c.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{AccessModes: modes, StorageClassName: &class, VolumeName: c.namespace,
			Resources: corev1.VolumeResourceRequirements{Requests: size}},
	}, metav1.CreateOptions{})
	c.must(err)
}
