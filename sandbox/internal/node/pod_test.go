package node

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestNodeIsRegistered(t *testing.T) {
	c := newCluster(t)
	node, err := c.client.CoreV1().Nodes().Get(t.Context(), nodeName, metav1.GetOptions{})
	c.must(err)
	for label, want := range map[string]string{
		"kubernetes.io/hostname": nodeName, "kubernetes.io/os": "linux", "topology.kubernetes.io/region": "region1",
		"topology.kubernetes.io/zone": "zone1", "smm.cisco.com/proxyless": "true",
	} {
		if got := node.Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
	if len(node.Spec.Taints) > 0 {
		t.Errorf("taints %v", node.Spec.Taints)
	}
	for _, name := range []corev1.ResourceName{"cpu", "memory", "ephemeral-storage", "pods"} {
		if q := node.Status.Allocatable[name]; q.IsZero() || q.Cmp(node.Status.Capacity[name]) != 0 {
			t.Errorf("%s: allocatable %v, capacity %v", name, q, node.Status.Capacity[name])
		}
	}
	if pods := node.Status.Capacity.Pods().Value(); pods != 250 {
		t.Errorf("room for %d pods", pods)
	}
	addresses := []corev1.NodeAddress{{Type: "InternalIP", Address: "10.201.0.1"}, {Type: "Hostname", Address: nodeName}}
	if diff := cmp.Diff(addresses, node.Status.Addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if port := node.Status.DaemonEndpoints.KubeletEndpoint.Port; port != 10250 {
		t.Errorf("port %d", port)
	}
	if node.Status.NodeInfo.KubeletVersion == "" || node.Status.NodeInfo.OperatingSystem != "linux" || node.Status.NodeInfo.BootID == "" {
		t.Errorf("node info %+v", node.Status.NodeInfo)
	}
	for _, condition := range node.Status.Conditions {
		if want := condition.Type == corev1.NodeReady; (condition.Status == corev1.ConditionTrue) != want {
			t.Errorf("condition %s is %s", condition.Type, condition.Status)
		}
	}
}

// The lease goes with the node and is renewed in time.
func TestLeaseIsRenewed(t *testing.T) {
	c := newCluster(t)
	var first time.Time
	c.eventually("the lease is not renewed", func() error {
		lease, err := c.client.CoordinationV1().Leases("kube-node-lease").Get(t.Context(), nodeName, metav1.GetOptions{})
		switch {
		case err != nil:
			return err
		case len(lease.OwnerReferences) != 1 || lease.OwnerReferences[0].Kind != "Node":
			return fmt.Errorf("owners %v", lease.OwnerReferences)
		case first.IsZero():
			first = lease.Spec.RenewTime.Time
		}
		passed := lease.Spec.RenewTime.Sub(first)
		if passed == 0 {
			return fmt.Errorf("last renewed at %v", first)
		}
		if passed > 12*time.Second {
			t.Errorf("renewed after %v", passed)
		}
		return nil
	})
}

// A pod gets through the real scheduler to the node, and runs with all that it asked for.
func TestPodRuns(t *testing.T) {
	c := newCluster(t)
	_, err := c.client.CoreV1().ConfigMaps(c.namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "settings"}, Data: map[string]string{"mode": "fast"}}, metav1.CreateOptions{})
	c.must(err)
	_, err = c.client.CoreV1().Secrets(c.namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "keys"}, Data: map[string][]byte{"key": []byte("k")}}, metav1.CreateOptions{})
	c.must(err)
	main := app("main", "serve", "$(PORT)")
	main.Env = []corev1.EnvVar{
		{Name: "PORT", Value: "8080"},
		{Name: "IP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}},
		{Name: "APP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels['app']"}}},
		{Name: "MODE", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}, Key: "mode"}}},
		{Name: "KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}, Key: "key"}}},
	}
	main.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}
	main.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromString("http")}}}
	main.VolumeMounts = []corev1.VolumeMount{
		{Name: "settings", MountPath: "/etc/settings"}, {Name: "settings", MountPath: "/etc/one", SubPath: "mode"}, {Name: "shared", MountPath: "/shared"}}
	other := app("other", "trap", "/shared/log", "other")
	other.VolumeMounts = []corev1.VolumeMount{{Name: "shared", MountPath: "/shared"}}
	began := time.Now()
	c.create("p", []corev1.Container{main, other}, func(pod *corev1.Pod) {
		pod.Labels = map[string]string{"app": "movies"}
		pod.Spec.Volumes = []corev1.Volume{
			{Name: "settings", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}},
			{Name: "shared", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		}
	})
	pod := c.waitReady("p")
	t.Logf("ready after %v", time.Since(began).Round(time.Millisecond))

	ip, err := netip.ParseAddr(pod.Status.PodIP)
	if err != nil || !netip.MustParsePrefix("10.201.0.0/16").Contains(ip) || pod.Status.HostIP != "10.201.0.1" {
		t.Errorf("pod address %q, host address %q", pod.Status.PodIP, pod.Status.HostIP)
	}
	if pod.Status.Phase != corev1.PodRunning || pod.Status.StartTime == nil || pod.Status.ObservedGeneration != pod.Generation {
		t.Errorf("status %+v", pod.Status)
	}
	for _, status := range pod.Status.ContainerStatuses {
		if !strings.HasPrefix(status.ContainerID, "process://") || !status.Ready || status.Started == nil || !*status.Started || status.State.Running == nil {
			t.Errorf("container status %+v", status)
		}
	}
	environment := c.mustExec(pod, "main", "env", "PORT", "IP", "APP", "MODE", "KEY", "KUBERNETES_SERVICE_HOST", "HOSTNAME")
	want := fmt.Sprintf("PORT=8080\nIP=%s\nAPP=movies\nMODE=fast\nKEY=k\nKUBERNETES_SERVICE_HOST=10.96.0.1\nHOSTNAME=p\n", ip)
	if diff := cmp.Diff(want, environment); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if got := c.mustExec(pod, "main", "cat", "/etc/settings/mode", "/etc/one", "/shared/log"); got != "fastfastother begins\n" {
		t.Errorf("volumes hold %q", got)
	}
	if got := c.mustExec(pod, "main", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/namespace"); got != c.namespace {
		t.Errorf("the service account's volume says namespace %q", got)
	}
	token := c.mustExec(pod, "main", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/token")
	if strings.Count(token, ".") != 2 {
		t.Errorf("no token: %q", token)
	}
	if _, err := c.exec(pod, "main", "append", "/etc/settings/new", "x"); err == nil {
		t.Error("a container wrote into a ConfigMap volume")
	}
	c.waitEvent("p", "Started", "Container started")
	c.eventually("the other container's log", func() error {
		text, err := c.client.CoreV1().Pods(c.namespace).GetLogs("p", &corev1.PodLogOptions{Container: "other"}).DoRaw(t.Context())
		if err == nil && string(text) != "other\n" {
			err = errString(fmt.Sprintf("%q", text))
		}
		return err
	})
}
