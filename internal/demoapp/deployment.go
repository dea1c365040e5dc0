package demoapp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/internal/istio"
)

// LoadGenerator is the documented name of the load generator.
const LoadGenerator = "bombardier"

// loadDir is where the load generator finds its settings.
const loadDir = "/etc/allspark/load"

// user is the numeric user that the program runs as.
const user = 65532

// off is allspark's listen address of a server that is not wanted.
const off = "off"

func deployment(o Options, w workload) *appsv1.Deployment {
	env := []corev1.EnvVar{{Name: "SERVICE_NAME", Value: string(w.component)}}
	if requests := requests(o, w); requests != "" {
		env = append(env, corev1.EnvVar{Name: "REQUESTS", Value: requests})
	}
	if w.work != "" {
		env = append(env, corev1.EnvVar{Name: "WORKLOAD", Value: w.work}, corev1.EnvVar{Name: "PI_COUNT", Value: "20000"})
	}
	ports := []corev1.ContainerPort{containerPort("http", portHTTP), containerPort("grpc", portGRPC), containerPort("tcp", portTCP)}
	if port := w.component.databasePort(); port != 0 {
		env = append(env,
			corev1.EnvVar{Name: "HTTPSERVER_LISTENADDRESS", Value: off},
			corev1.EnvVar{Name: "GRPCSERVER_LISTENADDRESS", Value: off},
			corev1.EnvVar{Name: "TCPSERVER_LISTENADDRESS", Value: "0.0.0.0:" + strconv.Itoa(int(port))})
		ports = []corev1.ContainerPort{containerPort("tcp", port)}
	}
	d := bareDeployment(o, w.name(), string(w.component), w.version, env)
	container := &d.Spec.Template.Spec.Containers[0]
	container.Ports = append(ports, container.Ports...)
	if o.scales(w) {
		d.Spec.Replicas = nil // the autoscaler's
	}
	return d
}

// requests are the calls that a workload makes: to all services that it knows, and to databases where they were
// installed along with it.
func requests(o Options, w workload) string {
	var list []string
	for _, callee := range w.calls {
		port := callee.databasePort()
		switch {
		case port != 0 && !o.has(callee):
		case port != 0:
			list = append(list, fmt.Sprintf("tcp://%s:%d#1", callee, port))
		case o.Proxyless:
			list = append(list, fmt.Sprintf("grpc://%s:%d/#1", callee, portGRPC))
		default:
			list = append(list, fmt.Sprintf("http://%s:%d/#1", callee, portHTTP))
		}
	}
	return strings.Join(list, " ")
}

func loadGenerator(o Options) *appsv1.Deployment {
	target := fmt.Sprintf("http://%s:%d/#1", Frontpage, portHTTP)
	if o.Proxyless {
		target = fmt.Sprintf("grpc://%s:%d/#1", Frontpage, portGRPC)
	}
	d := bareDeployment(o, LoadGenerator, LoadGenerator, "v1", []corev1.EnvVar{
		{Name: "SERVICE_NAME", Value: LoadGenerator},
		{Name: "LOAD_TARGET", Value: target},
		{Name: "LOAD_DIR", Value: loadDir},
		{Name: "HTTPSERVER_LISTENADDRESS", Value: off},
		{Name: "GRPCSERVER_LISTENADDRESS", Value: off},
		{Name: "TCPSERVER_LISTENADDRESS", Value: off},
	})
	d.Spec.Replicas = ptr(min(o.Replicas, 1)) // more would multiply the load
	pod := &d.Spec.Template.Spec
	pod.Volumes = []corev1.Volume{{Name: "load", VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: LoadGenerator}},
	}}}
	pod.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "load", MountPath: loadDir, ReadOnly: true}}
	return d
}

// loadSettings is the ConfigMap that the load generator follows while it runs.
func loadSettings(o Options) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: objectMeta(o, LoadGenerator),
		Data:       o.Load.Values(),
	}
}

// bareDeployment is a Deployment of allspark with its control port.
func bareDeployment(o Options, name, app, version string, env []corev1.EnvVar) *appsv1.Deployment {
	selector := map[string]string{"app": app, "version": version}
	d := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: objectMeta(o, name),
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr(o.Replicas),
			Selector: &metav1.LabelSelector{MatchLabels: selector},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: podMeta(o, app, version),
				Spec: corev1.PodSpec{
					ServiceAccountName:            app,
					TerminationGracePeriodSeconds: ptr(int64(15)),
					Containers:                    []corev1.Container{container(o, name, app, env)},
				},
			},
		},
	}
	d.Labels["app"], d.Labels["version"] = app, version
	return d
}

func podMeta(o Options, app, version string) metav1.ObjectMeta {
	m := metav1.ObjectMeta{
		Labels: map[string]string{"app": app, "version": version, partOfLabel: partOf},
		Annotations: map[string]string{
			// The control port is for operators, whom the mesh does not know.
			"traffic.sidecar.istio.io/excludeInboundPorts": strconv.Itoa(portControl),
		},
	}
	if o.Revision != "" {
		m.Labels[istio.RevisionLabel] = o.Revision
	}
	if o.Proxyless {
		m.Labels["security.istio.io/tlsMode"] = "istio"
		m.Annotations = map[string]string{
			"inject.istio.io/templates": "grpc-agent",
			"proxy.istio.io/config":     `{"holdApplicationUntilProxyStarts": true}`,
			// The agent alone needs far less than an Envoy.
			"sidecar.istio.io/proxyCPU":    "10m",
			"sidecar.istio.io/proxyMemory": "40Mi",
			"prometheus.io/scrape":         "true",
			"prometheus.io/port":           strconv.Itoa(portControl),
			"prometheus.io/path":           "/stats/prometheus",
		}
	}
	return m
}

func container(o Options, deployment, app string, env []corev1.EnvVar) corev1.Container {
	env = append(slices.Clone(env),
		fieldEnv("SERVICE_VERSION", "metadata.labels['version']"),
		fieldEnv("POD_NAME", "metadata.name"),
		fieldEnv("POD_NAMESPACE", "metadata.namespace"),
		fieldEnv("SERVICE_ACCOUNT", "spec.serviceAccountName"),
		corev1.EnvVar{Name: "WORKLOAD_NAME", Value: deployment})
	if o.Proxyless {
		// Gateways to other networks know by the TLS server name where a call is to go.
		env = append(env, corev1.EnvVar{Name: "GRPC_EXPERIMENTAL_XDS_SNI", Value: "true"})
	} else {
		env = append(env, corev1.EnvVar{Name: "SIDECAR", Value: "true"})
	}
	return corev1.Container{
		Name:            app,
		Image:           o.Image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Env:             env,
		Ports:           []corev1.ContainerPort{containerPort("control", portControl)},
		Resources:       o.Resources,
		ReadinessProbe:  probe("/readyz", 2, 2),
		LivenessProbe:   probe("/healthz", 10, 3),
		SecurityContext: &corev1.SecurityContext{
			RunAsNonRoot:             ptr(true),
			RunAsUser:                ptr(int64(user)),
			RunAsGroup:               ptr(int64(user)),
			SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			AllowPrivilegeEscalation: ptr(false),
			ReadOnlyRootFilesystem:   ptr(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

func probe(path string, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Path: path, Port: intstr.FromInt32(portControl), Scheme: corev1.URISchemeHTTP,
		}},
		PeriodSeconds:    period,
		TimeoutSeconds:   2,
		SuccessThreshold: 1,
		FailureThreshold: failures,
	}
}

func containerPort(name string, port int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, ContainerPort: port, Protocol: corev1.ProtocolTCP}
}

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}}
}

func ptr[T any](value T) *T { return &value }
