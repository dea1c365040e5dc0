package podenv

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/sandbox/internal/node/podfield"
)

// stored are the objects of the test's namespace.
type stored struct {
	configMaps map[string]map[string]string
	secrets    map[string]map[string]string
}

func (s stored) ConfigMap(name string) (*corev1.ConfigMap, error) {
	data, found := s.configMaps[name]
	if !found {
		return nil, apierrors.NewNotFound(corev1.Resource("configmaps"), name)
	}
	return &corev1.ConfigMap{Data: data}, nil
}

func (s stored) Secret(name string) (*corev1.Secret, error) {
	data, found := s.secrets[name]
	if !found {
		return nil, apierrors.NewNotFound(corev1.Resource("secrets"), name)
	}
	secret := &corev1.Secret{Data: map[string][]byte{}}
	for key, value := range data {
		secret.Data[key] = []byte(value)
	}
	return secret, nil
}

func sources(t *testing.T) Sources {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "vars"), []byte("TOKEN='abc'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Sources{
		View: podfield.View{
			Pod: &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n"},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c"}}},
			},
			IP:      "10.201.0.7",
			Machine: corev1.ResourceList{"cpu": resource.MustParse("2")},
		},
		Objects: stored{
			configMaps: map[string]map[string]string{"settings": {"mode": "fast", "level": "3"}},
			secrets:    map[string]map[string]string{"keys": {"password": "p$(MODE)w"}},
		},
		Services: map[string]string{"KUBERNETES_SERVICE_HOST": "10.96.0.1", "SHADOWED": "service"},
		Volume:   func(name string) (string, bool) { return dir, name == "files" },
	}
}

func value(name, value string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: value} }

func fromKey(name, kind, object, key string, optional bool) corev1.EnvVar {
	source := &corev1.EnvVarSource{}
	local := corev1.LocalObjectReference{Name: object}
	if kind == "ConfigMap" {
		source.ConfigMapKeyRef = &corev1.ConfigMapKeySelector{LocalObjectReference: local, Key: key, Optional: &optional}
	} else {
		source.SecretKeyRef = &corev1.SecretKeySelector{LocalObjectReference: local, Key: key, Optional: &optional}
	}
	return corev1.EnvVar{Name: name, ValueFrom: source}
}

func fromConfigMap(name, prefix string, optional bool) corev1.EnvFromSource {
	return corev1.EnvFromSource{Prefix: prefix, ConfigMapRef: &corev1.ConfigMapEnvSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: name}, Optional: &optional}}
}

func TestResolve(t *testing.T) {
	yes := true
	tests := []struct {
		name string
		env  []corev1.EnvVar
		from []corev1.EnvFromSource
		want map[string]string // without the services' variables
		fail string
	}{
		{name: "a literal", env: []corev1.EnvVar{value("A", "x")}, want: map[string]string{"A": "x"}},
		{name: "references to earlier variables and services",
			env:  []corev1.EnvVar{value("A", "x"), value("B", "$(A)-$(KUBERNETES_SERVICE_HOST)-$(C)"), value("C", "late")},
			want: map[string]string{"A": "x", "B": "x-10.96.0.1-$(C)", "C": "late"}},
		{name: "escaped references", env: []corev1.EnvVar{value("A", "x"), value("B", "$$(A) $$ $(A")},
			want: map[string]string{"A": "x", "B": "$(A) $ $(A"}},
		{name: "a later variable of the same name wins", env: []corev1.EnvVar{value("A", "1"), value("A", "2")}, want: map[string]string{"A": "2"}},
		{name: "own variables win over services'", env: []corev1.EnvVar{value("SHADOWED", "own")}, want: map[string]string{"SHADOWED": "own"}},
		{name: "a field", env: []corev1.EnvVar{{Name: "IP", ValueFrom: &corev1.EnvVarSource{
			FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "status.podIP"}}}}, want: map[string]string{"IP": "10.201.0.7"}},
		{name: "a resource", env: []corev1.EnvVar{{Name: "CPU", ValueFrom: &corev1.EnvVarSource{
			ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu"}}}}, want: map[string]string{"CPU": "2"}},
		{name: "keys of a ConfigMap and a Secret, the latter taken literally",
			env:  []corev1.EnvVar{fromKey("MODE", "ConfigMap", "settings", "mode", false), fromKey("PW", "Secret", "keys", "password", false)},
			want: map[string]string{"MODE": "fast", "PW": "p$(MODE)w"}},
		{name: "all of a ConfigMap with a prefix, overridden",
			from: []corev1.EnvFromSource{fromConfigMap("settings", "S_", false)}, env: []corev1.EnvVar{value("S_level", "$(S_mode)!")},
			want: map[string]string{"S_mode": "fast", "S_level": "fast!"}},
		{name: "all of a Secret", from: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}}}}, want: map[string]string{"password": "p$(MODE)w"}},
		{name: "what is optional may be missing",
			from: []corev1.EnvFromSource{fromConfigMap("none", "", true), {SecretRef: &corev1.SecretEnvSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: "none"}, Optional: &yes}}},
			env: []corev1.EnvVar{
				fromKey("A", "ConfigMap", "none", "k", true), fromKey("B", "ConfigMap", "settings", "none", true),
				fromKey("C", "Secret", "none", "k", true), fromKey("D", "Secret", "keys", "none", true)},
			want: map[string]string{}},
		{name: "a missing ConfigMap", env: []corev1.EnvVar{fromKey("A", "ConfigMap", "none", "k", false)}, fail: `configmaps "none" not found`},
		{name: "a missing Secret", env: []corev1.EnvVar{fromKey("A", "Secret", "none", "k", false)}, fail: `secrets "none" not found`},
		{name: "a missing key", env: []corev1.EnvVar{fromKey("A", "Secret", "keys", "k", false)}, fail: "couldn't find key k in Secret n/keys"},
		{name: "a missing source of all", from: []corev1.EnvFromSource{fromConfigMap("none", "", false)}, fail: `configmaps "none" not found`},
		{name: "a variable from a file of a volume", env: []corev1.EnvVar{{Name: "T", ValueFrom: &corev1.EnvVarSource{
			FileKeyRef: &corev1.FileKeySelector{VolumeName: "files", Path: "vars", Key: "TOKEN"}}}}, want: map[string]string{"T": "abc"}},
		{name: "a file that leads out of its volume", env: []corev1.EnvVar{{Name: "T", ValueFrom: &corev1.EnvVarSource{
			FileKeyRef: &corev1.FileKeySelector{VolumeName: "files", Path: "../../etc/passwd", Key: "root"}}}}, fail: "couldn't parse env file passwd of volume files"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Resolve(&corev1.Container{Name: "c", Env: test.env, EnvFrom: test.from}, sources(t))
			if test.fail != "" {
				if err == nil || err.Error() != test.fail {
					t.Fatalf("error %v, want %s", err, test.fail)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"KUBERNETES_SERVICE_HOST": "10.96.0.1", "SHADOWED": "service"}
			for name, value := range test.want {
				want[name] = value
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommand(t *testing.T) {
	environment := map[string]string{"PORT": "8080"}
	entrypoint := []string{"/usr/local/bin/app"}
	tests := []struct{ command, args, want []string }{
		{nil, nil, []string{"/usr/local/bin/app"}},
		{nil, []string{"--port=$(PORT)"}, []string{"/usr/local/bin/app", "--port=8080"}},
		{[]string{"other", "$(PORT)"}, []string{"$$(PORT)", "$(NONE)"}, []string{"other", "8080", "$(PORT)", "$(NONE)"}},
	}
	for _, test := range tests {
		got := Command(&corev1.Container{Command: test.command, Args: test.args}, entrypoint, environment)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("command line (-want +got):\n%s", diff)
		}
	}
	if len(entrypoint) != 1 {
		t.Error("the image's entry point was changed")
	}
}

func TestServiceVariables(t *testing.T) {
	service := func(namespace, name, ip string) *corev1.Service {
		return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec: corev1.ServiceSpec{ClusterIP: ip, Ports: []corev1.ServicePort{{Name: "http", Port: 80}}}}
	}
	services := []*corev1.Service{
		service("default", "kubernetes", "10.96.0.1"), service("n", "my-movies", "10.96.0.7"),
		service("n", "headless", "None"), service("other", "far", "10.96.0.8"),
	}
	api := map[string]string{
		"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "80", "KUBERNETES_SERVICE_PORT_HTTP": "80",
		"KUBERNETES_PORT": "tcp://10.96.0.1:80", "KUBERNETES_PORT_80_TCP": "tcp://10.96.0.1:80", "KUBERNETES_PORT_80_TCP_PROTO": "tcp",
		"KUBERNETES_PORT_80_TCP_PORT": "80", "KUBERNETES_PORT_80_TCP_ADDR": "10.96.0.1",
	}
	if diff := cmp.Diff(api, ServiceVariables(services, "n", false)); diff != "" {
		t.Errorf("without links (-want +got):\n%s", diff)
	}
	linked := ServiceVariables(services, "n", true)
	if linked["MY_MOVIES_SERVICE_HOST"] != "10.96.0.7" || linked["KUBERNETES_SERVICE_HOST"] != "10.96.0.1" || len(linked) != 2*len(api) {
		t.Errorf("with links: %v", linked)
	}
}

func TestList(t *testing.T) {
	if diff := cmp.Diff([]string{"A=1", "B=2"}, List(map[string]string{"B": "2", "A": "1"})); diff != "" {
		t.Error(diff)
	}
}
