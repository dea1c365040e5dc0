package kubetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"      //nolint:staticcheck // client-go forwards ports by these types
	"k8s.io/apimachinery/pkg/util/httpstream/spdy" //nolint:staticcheck // the same
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/portforward"
)

// RunServing makes a pod of its own node that is ready and whose ports lead to addresses of this machine: the node's kubelet
// forwards ports to it and does nothing else. The pod is there until the test ends, in a namespace that is made when it is not.
func (c *Cluster) RunServing(t testing.TB, namespace, name string, labels map[string]string, ports map[int]string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	kubelet := httptest.NewUnstartedServer(forwarder(ports))
	kubelet.TLS = &tls.Config{Certificates: []tls.Certificate{c.kubeletCertificate(t)}, MinVersion: tls.VersionTLS12}
	kubelet.StartTLS()
	t.Cleanup(kubelet.Close)
	host, port, err := net.SplitHostPort(kubelet.Listener.Addr().String())
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	number, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{GenerateName: "serving-"}}
	if node, err = client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: host}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(number)
	if _, err := client.CoreV1().Nodes().UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	_, _ = client.CoreV1().Namespaces().Create(t.Context(), made, metav1.CreateOptions{}) // it may be there already
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	_, _ = client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), account, metav1.CreateOptions{}) // the same
	no := false
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels},
		Spec: corev1.PodSpec{
			NodeName: node.Name, AutomountServiceAccountToken: &no, Containers: []corev1.Container{{Name: "serving", Image: "none"}},
		},
	}
	if pod, err = client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	if _, err := client.CoreV1().Pods(namespace).UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	t.Cleanup(func() { remove(t, client, pod, node.Name) })
}

func remove(t testing.TB, client kubernetes.Interface, pod *corev1.Pod, node string) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	now := int64(0)
	if err := client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		t.Errorf("kubetest: %v", err)
	}
	_ = client.CoreV1().Nodes().Delete(ctx, node, metav1.DeleteOptions{})
}

// kubeletCertificate is one for 127.0.0.1 by the authority that the API server trusts its kubelets by.
func (c *Cluster) kubeletCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	pki := filepath.Join(filepath.Dir(c.Kubeconfig), "pki")
	authority, err := tls.LoadX509KeyPair(filepath.Join(pki, "ca.crt"), filepath.Join(pki, "ca.key"))
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, authority.Leaf, &key.PublicKey, authority.PrivateKey)
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	return tls.Certificate{Certificate: [][]byte{certificate}, PrivateKey: key}
}

// forwarder answers requests to forward ports as a kubelet does.
func forwarder(ports map[int]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/portForward/") {
			http.NotFound(w, r)
			return
		}
		if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
			return // it has answered
		}
		streams := make(chan httpstream.Stream)
		connection := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(stream httpstream.Stream, _ <-chan struct{}) error {
			streams <- stream
			return nil
		})
		if connection == nil {
			return
		}
		defer connection.Close()
		failures := map[string]httpstream.Stream{} // by request
		for {
			select {
			case <-connection.CloseChan():
				return
			case stream := <-streams:
				request := stream.Headers().Get(corev1.PortForwardRequestIDHeader)
				if stream.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
					failures[request] = stream
					continue
				}
				port, _ := strconv.Atoi(stream.Headers().Get(corev1.PortHeader))
				go serve(r.Context(), stream, failures[request], ports[port])
			}
		}
	})
}

// serve connects one stream with an address.
func serve(ctx context.Context, stream, failure httpstream.Stream, address string) {
	defer stream.Close()
	defer failure.Close()
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		_, _ = io.WriteString(failure, err.Error())
		return
	}
	defer connection.Close()
	var copying sync.WaitGroup
	copying.Go(func() { _, _ = io.Copy(stream, connection); stream.Close() })
	_, _ = io.Copy(connection, stream)
	copying.Wait()
}
