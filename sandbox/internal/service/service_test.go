package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshmanager/smm/sandbox/internal/service/clusterdns"
	"github.com/meshmanager/smm/sandbox/internal/service/loadbalancer"
)

const (
	dnsAddress = "10.96.0.10"
	nodeIP     = "10.201.0.1"
	nodeName   = "c1-node"
)

// cluster is a namespace of the shared control plane, served by Run.
type cluster struct {
	*testing.T
	client    kubernetes.Interface
	namespace string
	stop      func()
}

// serve starts Run with a pool of load-balancer addresses, and makes a namespace to work in.
func serve(t *testing.T, pool string) *cluster {
	t.Helper()
	if missing != "" {
		t.Skip(missing)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{T: t, client: client}
	c.run(pool)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName}}
	if _, err := client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	created, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.namespace = created.Name
	c.until("the default service account exists", func() error {
		_, err := client.CoreV1().ServiceAccounts(c.namespace).Get(t.Context(), "default", metav1.GetOptions{})
		return err
	})
	return c
}

// run runs Run until the test or stop ends it.
func (c *cluster) run(pool string) {
	c.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	config := Config{Client: c.client, APIServer: apiServer, Pool: netip.MustParsePrefix(pool), DNSAddress: dnsAddress, NodeIP: nodeIP, Log: slog.New(slog.NewTextHandler(c.Output(), nil))}
	go func() { ended <- Run(ctx, config) }()
	c.stop = func() {
		cancel()
		select {
		case err := <-ended:
			ended <- nil
			if err != nil {
				c.Error(err)
			}
		case <-time.After(patience):
			c.Error("Run does not end")
		}
	}
	c.Cleanup(c.stop)
}

// until polls the condition, at most for as long as a loaded machine may need.
func (c *cluster) until(what string, condition func() error) {
	c.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err = condition(); err == nil {
			return
		}
	}
	c.Fatalf("not within %v: %s: %v", patience, what, err)
}

// pod makes a running pod at an address of the test's own, with the labels app=name, and says whether it is ready.
func (c *cluster) pod(name, ip string, ready bool, change ...func(*corev1.PodSpec)) {
	c.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": strings.TrimRight(name, "-0123456789")}},
		Spec: corev1.PodSpec{NodeName: nodeName, Containers: []corev1.Container{{Name: "main", Image: "example.org/none"}}}}
	for _, change := range change {
		change(&pod.Spec)
	}
	if _, err := c.client.CoreV1().Pods(c.namespace).Create(c.Context(), pod, metav1.CreateOptions{}); err != nil {
		c.Fatal(err)
	}
	c.podStatus(name, ip, ready)
}

func (c *cluster) podStatus(name, ip string, ready bool) {
	c.Helper()
	condition := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse}
	if ready {
		condition.Status = corev1.ConditionTrue
	}
	patch, err := json.Marshal(map[string]any{"status": corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}, Conditions: []corev1.PodCondition{condition}}})
	if err != nil {
		c.Fatal(err)
	}
	if _, err := c.client.CoreV1().Pods(c.namespace).Patch(c.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		c.Fatal(err)
	}
}

// service makes a Service for the pods app=name, with port 80 to their port 8080.
func (c *cluster) service(name string, change ...func(*corev1.ServiceSpec)) *corev1.Service {
	c.Helper()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)}}}}
	for _, change := range change {
		change(&service.Spec)
	}
	created, err := c.client.CoreV1().Services(c.namespace).Create(c.Context(), service, metav1.CreateOptions{})
	if err != nil {
		c.Fatal(err)
	}
	return created
}

func (c *cluster) get(name string) *corev1.Service {
	c.Helper()
	service, err := c.client.CoreV1().Services(c.namespace).Get(c.Context(), name, metav1.GetOptions{})
	if err != nil {
		c.Fatal(err)
	}
	return service
}

func balanced(spec *corev1.ServiceSpec) { spec.Type = corev1.ServiceTypeLoadBalancer }

// backend answers every connection at ip:8080 with the ip.
func (c *cluster) backend(ip string) {
	c.Helper()
	listener, err := net.Listen("tcp", ip+":8080")
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, ip)
			conn.Close()
		}
	}()
}

func read(address string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	answer, err := io.ReadAll(conn)
	return string(answer), err
}

func (c *cluster) answers(address, want string) {
	c.Helper()
	c.until(address+" answers "+want, func() error {
		if got, err := read(address); err != nil || got != want {
			return fmt.Errorf("%q, %w", got, err)
		}
		return nil
	})
}

func (c *cluster) refuses(address string) {
	c.Helper()
	c.until(address+" refuses connections", func() error {
		if got, err := read(address); !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("%q, %w", got, err)
		}
		return nil
	})
}

func (c *cluster) lookup(name string) ([]string, error) {
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, dnsAddress+":53")
	}}
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	return resolver.LookupHost(ctx, name)
}

func (c *cluster) resolves(name string, want ...string) {
	c.Helper()
	c.until(fmt.Sprintf("%s resolves to %v", name, want), func() error {
		got, err := c.lookup(name)
		if len(want) == 0 {
			if notFound := new(net.DNSError); errors.As(err, &notFound) && notFound.IsNotFound {
				return nil
			}
			return fmt.Errorf("%v, %w", got, err)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("%v, %w", got, err)
		}
		return nil
	})
}

func (c *cluster) balancedAt(name, want string) {
	c.Helper()
	c.until(fmt.Sprintf("service %s has the address %q", name, want), func() error {
		got := ""
		for _, ingress := range c.get(name).Status.LoadBalancer.Ingress {
			got += ingress.IP
		}
		if got != want {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
}

func (c *cluster) remove(name string) {
	c.Helper()
	if err := c.client.CoreV1().Services(c.namespace).Delete(c.Context(), name, metav1.DeleteOptions{}); err != nil {
		c.Fatal(err)
	}
}

func TestPodsReachTheAPIServerByItsService(t *testing.T) {
	c := serve(t, "172.30.1.128/25")
	c.resolves("kubernetes.default.svc.cluster.local.", "10.96.0.1")
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.Host = "https://10.96.0.1:443"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	c.until("the API server answers at its cluster IP", func() error {
		_, err := client.ServerVersion()
		return err
	})
}

func TestTheNameServerHasAService(t *testing.T) {
	c := serve(t, "172.30.1.128/25")
	services := c.client.CoreV1().Services("kube-system")
	exists := func() error {
		service, err := services.Get(t.Context(), "kube-dns", metav1.GetOptions{})
		if err == nil && service.Spec.ClusterIP != dnsAddress {
			t.Fatalf("its cluster IP is %s", service.Spec.ClusterIP)
		}
		return err
	}
	c.until("kube-dns is there", exists)
	address := netip.MustParseAddrPort(dnsAddress + ":53")
	if err := clusterdns.EnsureService(t.Context(), c.client, address); err != nil {
		t.Errorf("ensuring a Service that is there: %v", err)
	}
	c.resolves("kube-dns.kube-system.svc.cluster.local.", dnsAddress)
	if err := services.Delete(t.Context(), "kube-dns", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	c.until("kube-dns is there again", exists)
}

func TestAServiceFollowsItsEndpoints(t *testing.T) {
	c := serve(t, "172.30.1.128/25")
	c.backend("10.201.0.5")
	c.backend("10.201.0.6")
	service := c.service("web")
	vip := service.Spec.ClusterIP + ":80"
	c.resolves("web."+c.namespace+".svc.cluster.local.", service.Spec.ClusterIP)
	c.refuses(vip)
	c.pod("web-1", "10.201.0.5", true)
	c.answers(vip, "10.201.0.5")
	c.pod("web-2", "10.201.0.6", false)
	c.podStatus("web-1", "10.201.0.5", false)
	c.refuses(vip)
	c.podStatus("web-2", "10.201.0.6", true)
	c.answers(vip, "10.201.0.6")
	c.remove("web")
	c.refuses(vip)
	c.resolves("web." + c.namespace + ".svc.cluster.local.")
}

func TestUnreadyAddressesArePublishedOnRequest(t *testing.T) {
	c := serve(t, "172.30.1.128/25")
	c.backend("10.201.0.5")
	c.pod("web-1", "10.201.0.5", false)
	service := c.service("web", func(s *corev1.ServiceSpec) { s.PublishNotReadyAddresses = true })
	c.answers(service.Spec.ClusterIP+":80", "10.201.0.5")
}

func TestPodsOfAHeadlessServiceHaveNames(t *testing.T) {
	c := serve(t, "172.30.1.128/25")
	domain := ".db." + c.namespace + ".svc.cluster.local."
	c.service("db", func(s *corev1.ServiceSpec) { s.ClusterIP = corev1.ClusterIPNone })
	c.pod("db-0", "10.201.0.5", true, func(s *corev1.PodSpec) { s.Hostname, s.Subdomain = "db-0", "db" })
	c.resolves("db-0"+domain, "10.201.0.5")
	c.resolves("10-201-0-5."+c.namespace+".pod.cluster.local.", "10.201.0.5")
	c.podStatus("db-0", "10.201.0.7", true)
	c.resolves("db-0"+domain, "10.201.0.7")
	c.podStatus("db-0", "10.201.0.7", false)
	c.resolves("db-0" + domain)
}

func TestUDPPortsAreForwarded(t *testing.T) {
	c := serve(t, "172.30.1.128/25")
	backend, err := net.ListenPacket("udp", "10.201.0.5:8080")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	go func() {
		buffer := make([]byte, 100)
		for {
			n, from, err := backend.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = backend.WriteTo(buffer[:n], from)
		}
	}()
	c.pod("web-1", "10.201.0.5", true)
	service := c.service("web", func(s *corev1.ServiceSpec) { s.Ports[0].Protocol = corev1.ProtocolUDP })
	c.until("a datagram comes back", func() error {
		conn, err := net.Dial("udp", service.Spec.ClusterIP+":80")
		if err != nil {
			return err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte("x"))
		_, err = conn.Read(make([]byte, 100))
		return err
	})
}

func TestALoadBalancerAddressLivesAsLongAsItsService(t *testing.T) {
	const pool = "172.30.1.128/25"
	c := serve(t, pool)
	c.backend("10.201.0.5")
	c.pod("web-1", "10.201.0.5", true)
	service := c.service("web", balanced)
	c.balancedAt("web", "172.30.1.129")
	c.answers("172.30.1.129:80", "10.201.0.5")
	c.answers(fmt.Sprintf("%s:%d", nodeIP, service.Spec.Ports[0].NodePort), "10.201.0.5")
	ingress := c.get("web").Status.LoadBalancer.Ingress[0]
	if ingress.IPMode == nil || *ingress.IPMode != corev1.LoadBalancerIPModeVIP || len(ingress.Ports) != 1 || ingress.Ports[0].Port != 80 {
		t.Errorf("status %+v, want mode VIP and port 80", ingress)
	}

	c.service("wish", balanced, func(s *corev1.ServiceSpec) { s.LoadBalancerIP = "172.30.1.200" })
	c.balancedAt("wish", "172.30.1.200")
	class := "example.org/other"
	c.service("foreign", balanced, func(s *corev1.ServiceSpec) { s.LoadBalancerClass = &class })

	c.stop()
	c.refuses("172.30.1.129:80")
	c.service("later", balanced)
	c.run(pool)
	c.balancedAt("later", "172.30.1.130")
	c.balancedAt("web", "172.30.1.129")
	c.answers("172.30.1.129:80", "10.201.0.5")
	c.balancedAt("foreign", "")

	updated := c.get("web")
	updated.Spec.Type = corev1.ServiceTypeClusterIP
	if _, err := c.client.CoreV1().Services(c.namespace).Update(t.Context(), updated, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.balancedAt("web", "")
	c.refuses("172.30.1.129:80")
	c.answers(service.Spec.ClusterIP+":80", "10.201.0.5")
	c.service("next", balanced)
	c.balancedAt("next", "172.30.1.129")
	for _, name := range []string{"next", "later", "wish", "foreign"} {
		c.remove(name)
	}
}

func TestAnExhaustedPoolIsTold(t *testing.T) {
	c := serve(t, "172.30.2.128/30")
	c.service("a", balanced)
	c.balancedAt("a", "172.30.2.129")
	c.service("b", balanced)
	c.balancedAt("b", "172.30.2.130")
	c.service("c", balanced)
	c.until("an event tells that the pool is exhausted", func() error {
		events, err := c.client.CoreV1().Events(c.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=c"})
		if err != nil {
			return err
		}
		for _, event := range events.Items {
			if event.Reason == loadbalancer.ReasonFailed && event.Type == corev1.EventTypeWarning && strings.Contains(event.Message, "exhausted") {
				return nil
			}
		}
		return fmt.Errorf("%d events", len(events.Items))
	})
	c.remove("a")
	c.balancedAt("c", "172.30.2.129")
	c.remove("b")
	c.remove("c")
}
