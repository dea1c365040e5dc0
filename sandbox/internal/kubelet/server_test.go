package kubelet_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
	"github.com/meshmanager/smm/sandbox/internal/kubelet"
)

func TestMain(m *testing.M) { containertest.Main(m) }

const deadline = 20 * time.Second

// node is a kubelet endpoint with a runtime and one pod, "test/pod".
type node struct {
	t       *testing.T
	address string
	ca      authority
	api     *apiServer
	runtime *container.Runtime
	pod     *container.Pod
	stop    func() error

	mu   sync.Mutex
	pods []*corev1.Pod
}

func (n *node) Pods() []*corev1.Pod {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pods
}

func startNode(t *testing.T) *node {
	t.Helper()
	containertest.Require(t)
	n := &node{t: t, address: containertest.Gateway + ":10250", ca: newAuthority(t), api: startAPIServer(t)}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	var err error
	if n.runtime, err = container.New(t.TempDir(), log); err != nil {
		t.Fatal(err)
	}
	n.pod, err = n.runtime.StartPod(t.Context(), container.PodSpec{
		UID: "uid-1", Namespace: "test", Name: "pod", IP: "10.201.0.10", Gateway: containertest.Gateway, Bridge: containertest.Bridge,
	})
	if err != nil {
		t.Fatal(err)
	}
	n.pods = []*corev1.Pod{podObject()}
	client, err := kubernetes.NewForConfig(&rest.Config{Host: n.api.url})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- kubelet.Run(ctx, kubelet.Config{
			NodeName: "c1-node", Address: n.address, Certificate: n.ca.issue(t, "c1-node", containertest.Gateway), ClientCA: n.ca.pem,
			Client: client, Runtime: n.runtime, Pods: n, Log: log,
		})
	}()
	n.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := n.stop(); err != nil {
			t.Error(err)
		}
		if err := n.runtime.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	eventually(t, "the endpoint listens", func() bool {
		conn, err := net.Dial("tcp", n.address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return n
}

func podObject() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "test", Name: "pod", UID: types.UID("uid-1")},
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "before", Image: "example.org/init:1"}},
			Containers:     []corev1.Container{{Name: "main", Image: "example.org/app:1"}, {Name: "other", Image: "example.org/app:2"}},
		},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
			{Name: "other", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImageNeverPull"}}},
		}},
	}
}

// start runs the next attempt of the container "main".
func (n *node) start(change func(*container.Spec), args ...string) *container.Container {
	n.t.Helper()
	image := containertest.Image()
	s := container.Spec{Name: "main", Executable: image, Args: append(image.Entrypoint, args...)}
	if earlier, ok := n.pod.Container("main"); ok {
		s.Attempt = earlier.Spec().Attempt + 1
	}
	if change != nil {
		change(&s)
	}
	c, err := n.pod.Start(n.t.Context(), s)
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

func (n *node) run(args ...string) {
	n.t.Helper()
	select {
	case <-n.start(nil, args...).Wait():
	case <-time.After(deadline):
		n.t.Fatal("the container does not end")
	}
}

// config is a client's configuration for the endpoint, as a user who may do everything.
func (n *node) config() *rest.Config {
	return &rest.Config{
		Host: "https://" + n.address, BearerToken: "admin",
		TLSClientConfig: rest.TLSClientConfig{CAData: n.ca.pem},
	}
}

func (n *node) request(method, path string, body io.Reader) (*http.Response, error) {
	client, err := rest.HTTPClientFor(n.config())
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(client.CloseIdleConnections)
	request, err := http.NewRequestWithContext(n.t.Context(), method, "https://"+n.address+path, body)
	if err != nil {
		n.t.Fatal(err)
	}
	return client.Do(request)
}

// get returns the answer's status and text.
func (n *node) get(path string) (int, string) {
	n.t.Helper()
	return answer(n.t, must(n.request(http.MethodGet, path, nil)))
}

func must(response *http.Response, err error) *http.Response {
	if err != nil {
		panic(err)
	}
	return response
}

func answer(t *testing.T, response *http.Response) (int, string) {
	t.Helper()
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

// authority is a certificate authority.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue makes a certificate of a user, or of a server at an address.
func (a authority) issue(t *testing.T, name string, addresses ...string) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	for _, address := range addresses {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(address))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A node that stops must not wait for those who follow its logs.
func TestRunEndsWithItsContext(t *testing.T) {
	n := startNode(t)
	n.start(nil, containertest.ActionTickEvery, "10")
	response := must(n.request(http.MethodGet, "/containerLogs/test/pod/main?follow=true", nil))
	defer response.Body.Close()
	if _, err := response.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := n.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if conn, err := net.Dial("tcp", n.address); err == nil {
		conn.Close()
		t.Error("something still listens")
	}
}

func TestRunFails(t *testing.T) {
	n := startNode(t)
	client := kubernetes.NewForConfigOrDie(&rest.Config{Host: n.api.url})
	for want, config := range map[string]kubelet.Config{
		"address already in use": {Address: n.address, ClientCA: n.ca.pem},
		"client-ca":              {Address: containertest.Gateway + ":0", ClientCA: []byte("nonsense")},
	} {
		config.Client, config.Log = client, slog.New(slog.DiscardHandler)
		if err := kubelet.Run(t.Context(), config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want … %s …", err, want)
		}
	}
}

func TestPodLists(t *testing.T) {
	n := startNode(t)
	waiting := podObject()
	waiting.Name, waiting.UID = "waiting", "uid-2"
	n.mu.Lock()
	n.pods = append(n.pods, waiting)
	n.mu.Unlock()
	for path, want := range map[string][]string{"/pods": {"pod", "waiting"}, "/pods/": {"pod", "waiting"}, "/runningpods/": {"pod"}} {
		var list corev1.PodList
		decode(t, n, path, &list)
		var names []string
		for _, pod := range list.Items {
			names = append(names, pod.Name)
		}
		if fmt.Sprint(names) != fmt.Sprint(want) || list.Kind != "PodList" {
			t.Errorf("%s: %s %v, want %v", path, list.Kind, names, want)
		}
	}
	if code, text := n.get("/healthz"); code != http.StatusOK || text != "ok" {
		t.Errorf("/healthz: %d %s", code, text)
	}
	if code, _ := n.get("/unknown"); code != http.StatusNotFound {
		t.Errorf("/unknown: %d", code)
	}
}

// buffer is written by one goroutine and read by another.
type buffer struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.String()
}
