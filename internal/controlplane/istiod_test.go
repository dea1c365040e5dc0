package controlplane_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// istiod is a running istiod of the package's cluster, as a process of this machine.
type istiod struct {
	webhook string // host and port of its injection webhook
	ready   string // URL that answers when it is ready
	log     string // path of its log
}

// startIstiod runs the real istiod for a revision and a namespace, whose ConfigMaps it reads. It is
// ended with the test.
func startIstiod(t testing.TB, cluster *kubetest.Cluster, namespace, revision string, environment ...string) *istiod {
	t.Helper()
	ports := freePorts(t, 6)
	i := &istiod{
		webhook: fmt.Sprintf("localhost:%d", ports[0]),
		ready:   fmt.Sprintf("http://localhost:%d/ready", ports[1]),
		log:     filepath.Join(t.TempDir(), "istiod.log"),
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), kubetest.Binary(t, "pilot-discovery"), "discovery",
		"--kubeconfig", cluster.Kubeconfig, "--namespace", namespace,
		"--httpsAddr", i.webhook, "--httpAddr", fmt.Sprintf("localhost:%d", ports[1]),
		"--grpcAddr", fmt.Sprintf("localhost:%d", ports[2]), "--secureGRPCAddr", fmt.Sprintf("localhost:%d", ports[3]),
		"--monitoringAddr", fmt.Sprintf("localhost:%d", ports[4]), "--ctrlz_port", fmt.Sprint(ports[5]),
		"--shutdownDuration", "0s")
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), append([]string{
		"REVISION=" + revision, "POD_NAMESPACE=" + namespace, "POD_NAME=istiod", "ISTIOD_CUSTOM_HOST=localhost",
	}, environment...)...)
	output, err := os.Create(i.log)
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(i.log)
			t.Logf("istiod's log ends with:\n%s", text[max(0, len(text)-1500):])
		}
	})
	eventually(t, i.answers)
	return i
}

func (i *istiod) answers(ctx context.Context) (problem string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.ready, nil)
	if err != nil {
		return err.Error()
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.Status
	}
	return ""
}

// freePorts returns ports that nobody listens on.
func freePorts(t testing.TB, count int) []int {
	t.Helper()
	var ports []int
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// reachAt has a rendered webhook configuration lead to the istiod that runs here, instead of to a
// Service.
func (i *istiod) reachAt(t testing.TB, configuration *unstructured.Unstructured) {
	t.Helper()
	webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		t.Fatal(err)
	}
	for _, webhook := range webhooks {
		webhook.(map[string]any)["clientConfig"] = map[string]any{"url": "https://" + i.webhook + "/inject"}
	}
	if err := unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks"); err != nil {
		t.Fatal(err)
	}
}
