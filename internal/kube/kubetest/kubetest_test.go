package kubetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

func TestMain(m *testing.M) { Main(m) }

func TestStartSharesOneControlPlane(t *testing.T) {
	first, second := Start(t), Start(t)
	if first.Kubeconfig != second.Kubeconfig {
		t.Errorf("two control planes were started: %s and %s", first.Kubeconfig, second.Kubeconfig)
	}
	if first.Namespace(t) == second.Namespace(t) {
		t.Error("two tests got the same namespace")
	}
}

func TestNamespaceIsDeletedAfterTheTest(t *testing.T) {
	cluster := Start(t)
	var name string
	t.Run("inner", func(t *testing.T) { name = cluster.Namespace(t) })

	client, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	namespace, err := client.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
	if err == nil && namespace.DeletionTimestamp == nil {
		t.Errorf("namespace %s was not deleted", name)
	}
}

// A test that lists a namespace before and after must not see the controllers furnish it in between.
func TestNamespaceIsFurnished(t *testing.T) {
	cluster := Start(t, WithControllers())
	client, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	namespace := cluster.Namespace(t)
	if _, err := client.CoreV1().ServiceAccounts(namespace).Get(t.Context(), "default", metav1.GetOptions{}); err != nil {
		t.Errorf("service account: %v", err)
	}
	if _, err := client.CoreV1().ConfigMaps(namespace).Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{}); err != nil {
		t.Errorf("certificate authority: %v", err)
	}
}

// fakeServer writes a program that stands for smm-sandbox, to see how failures of the real one are handled.
func fakeServer(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smm-sandbox")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// noLeftovers fails the test when a control plane's directory is still there after f.
func noLeftovers(t *testing.T, f func()) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	f()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestAServerThatEndsEarlyShowsItsLog(t *testing.T) {
	program := fakeServer(t, "echo port 6443 is taken >&2; exit 1\n")
	noLeftovers(t, func() {
		if _, err := StartServer(program); err == nil || !strings.Contains(err.Error(), "port 6443 is taken") {
			t.Errorf("the error must hold the end of the log, got: %v", err)
		}
	})
}

func TestStopClosesTheInputAndRemovesTheFiles(t *testing.T) {
	program := fakeServer(t, "echo starting; echo ready /tmp/kubeconfig; cat >/dev/null\n")
	noLeftovers(t, func() {
		s, err := StartServer(program)
		if err != nil || s.Kubeconfig != "/tmp/kubeconfig" {
			t.Fatalf("server %+v, error %v", s, err)
		}
		begin := time.Now()
		s.Stop()
		if took := time.Since(begin); took >= stopTimeout {
			t.Errorf("it had to be killed after %s", took)
		}
		s.Stop()
	})
}
