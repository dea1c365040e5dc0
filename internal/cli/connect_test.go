package cli

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// writeKubeconfig writes a kubeconfig with one context, "lab", and returns its path.
func writeKubeconfig(t *testing.T, server string, user *clientcmdapi.AuthInfo) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["lab-cluster"] = &clientcmdapi.Cluster{Server: server}
	config.AuthInfos["admin"] = user
	config.Contexts["lab"] = &clientcmdapi.Context{Cluster: "lab-cluster", AuthInfo: "admin"}
	config.CurrentContext = "lab"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// closedPort returns a server address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "https://" + listener.Addr().String()
}

// withWrongToken returns a copy of a kubeconfig in which the user has a token that the server does not know.
func withWrongToken(t *testing.T, path string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name := range config.AuthInfos {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: "wrong"}
	}
	wrong := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, wrong); err != nil {
		t.Fatal(err)
	}
	return wrong
}

func TestBadKubeconfigsAndServersGiveOneClearLine(t *testing.T) {
	refused := closedPort(t)
	tests := map[string]struct {
		args []string
		want string
	}{
		"missing file": {
			args: []string{"-c", "/does/not/exist"},
			want: "kubeconfig /does/not/exist does not exist",
		},
		"not a kubeconfig": {
			args: []string{"-c", filepath.Join(kubetest.RepositoryRoot(t), "LICENSE")},
			want: "cannot be read",
		},
		"unknown context": {
			args: []string{"-c", writeKubeconfig(t, refused, &clientcmdapi.AuthInfo{Token: "t"}), "--context", "prod"},
			want: `has no context "prod": choose one with --context (lab)`,
		},
		"user name and password": {
			args: []string{"-c", writeKubeconfig(t, refused, &clientcmdapi.AuthInfo{Username: "joe", Password: "secret"})},
			want: `user "admin" of the kubeconfig has a user name and password, which are not supported`,
		},
		"nothing listens": {
			args: []string{"-c", writeKubeconfig(t, refused, &clientcmdapi.AuthInfo{Token: "t"})},
			want: "the API server " + refused + " cannot be reached: connection refused",
		},
		"unknown host": {
			args: []string{"-c", writeKubeconfig(t, "https://api.cluster.invalid:6443", &clientcmdapi.AuthInfo{Token: "t"})},
			want: "host name api.cluster.invalid is unknown",
		},
		"wrong credentials": {
			args: []string{"-c", withWrongToken(t, kubetest.Start(t).Kubeconfig)},
			want: "refused the credentials",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"sidecar-proxy", "auto-inject", "get", "default"}, test.args...)
			code, out, errOut := run(t, args...)
			if code != exitFailed || out != "" {
				t.Errorf("exit code %d, output %q; want %d and none", code, out, exitFailed)
			}
			if !strings.HasPrefix(errOut, "Error: ") || strings.Count(errOut, "\n") != 1 || !strings.Contains(errOut, test.want) {
				t.Errorf("want one line with %q, got:\n%s", test.want, errOut)
			}
			if strings.Contains(errOut, "secret") {
				t.Error("the password is shown")
			}
		})
	}
}

func TestNoKubeconfigAtAllNamesTheSandbox(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	_, _, errOut := run(t, "sidecar-proxy", "auto-inject", "get", "default")
	if want := "Error: no Kubernetes cluster is configured: give a kubeconfig with -c, or start a local cluster with 'smm sandbox up'\n"; errOut != want {
		t.Errorf("got %q, want %q", errOut, want)
	}
}

func TestASilentServerTimesOut(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts in the kernel, and nobody ever answers
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	begin := time.Now()
	err = reach(t.Context(), &rest.Config{Host: "https://" + listener.Addr().String()}, 200*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "gave no answer within 200ms") {
		t.Errorf("error %v, want one about the time-out", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestClusterNameIsTheKubeconfigs(t *testing.T) {
	app := &App{Kubeconfig: writeKubeconfig(t, "https://127.0.0.1:1", &clientcmdapi.AuthInfo{})}
	if name, err := app.ClusterName(); err != nil || name != "lab-cluster" {
		t.Errorf("cluster name %q, error %v", name, err)
	}
}
