package container_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func startListener(t *testing.T, p *container.Pod) *container.Container {
	t.Helper()
	c := start(t, p, spec(containertest.ActionListen, "8080"))
	waitForLog(t, c, "ready")
	return c
}

func greeting(conn net.Conn, err error) string {
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(deadline))
	text := make([]byte, 6)
	n, err := conn.Read(text)
	if err != nil {
		return err.Error()
	}
	return string(text[:n])
}

func dialPod(ip string) string {
	return greeting(net.DialTimeout("tcp", ip+":8080", deadline))
}

// Every pod has its own network: the same port in two pods, each reached by its address and from inside.
func TestPodsHaveTheirOwnNetwork(t *testing.T) {
	r := newRuntime(t)
	for i := range 2 {
		s := podSpec(fmt.Sprint("network", i))
		s.IP = fmt.Sprintf("10.201.7.%d", i+1)
		p, err := r.StartPod(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		startListener(t, p)
		if got := dialPod(s.IP); got != "hello\n" {
			t.Errorf("by address: %s", got)
		}
		if got := greeting(p.Dial(t.Context(), "tcp", 8080)); got != "hello\n" {
			t.Errorf("from inside: %s", got)
		}
		if _, err := p.Dial(t.Context(), "tcp", 8081); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("closed port: %v", err)
		}
	}
	if got := dialPod("127.0.0.1"); !strings.Contains(got, "connection refused") {
		t.Errorf("the machine's own port 8080: %s", got)
	}
}

// A pod that is started again with its address is reached at once, although neighbours remember the first one.
func TestAddressIsUsedAgain(t *testing.T) {
	r := newRuntime(t)
	for i := range 5 {
		p := startPod(t, r, fmt.Sprint("again", i))
		startListener(t, p)
		begin := time.Now()
		if got := dialPod("10.201.0.10"); got != "hello\n" || time.Since(begin) > 3*time.Second {
			t.Fatalf("%s after %v", got, time.Since(begin))
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHostNetwork(t *testing.T) {
	s := podSpec("host")
	s.IP, s.Bridge = containertest.Gateway, ""
	p, err := newRuntime(t).StartPod(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	startListener(t, p)
	if got := dialPod("127.0.0.1"); got != "hello\n" {
		t.Error(got)
	}
	if got := greeting(p.Dial(t.Context(), "tcp", 8080)); got != "hello\n" {
		t.Error(got)
	}
}

func TestStartPodFails(t *testing.T) {
	r := newRuntime(t)
	startPod(t, r, "twice")
	for want, change := range map[string]func(*container.PodSpec){
		"pod uid-twice is already started":                                                         func(s *container.PodSpec) { s.UID = "uid-twice" },
		"start pod test/new: find bridge nothing: Link not found":                                  func(s *container.PodSpec) { s.Bridge = "nothing" },
		"start pod test/new: pod address: ParseAddr(\"\"): unable to parse IP":                     func(s *container.PodSpec) { s.IP = "" },
		"start pod test/new: bridge cbr0 has no address 10.201.0.1 with a network for 10.99.0.1":   func(s *container.PodSpec) { s.IP = "10.99.0.1" },
		"start pod test/new: bridge cbr0 has no address 10.201.0.2 with a network for 10.201.0.10": func(s *container.PodSpec) { s.Gateway = "10.201.0.2" },
	} {
		s := podSpec("new")
		change(&s)
		if _, err := r.StartPod(t.Context(), s); err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	if _, found := r.Pod("uid-new"); found {
		t.Error("a pod that failed to start is there")
	}
	if p, found := r.FindPod("test", "twice"); !found || p.Spec().UID != "uid-twice" {
		t.Error("FindPod does not find the pod")
	}
	startPod(t, r, "new")
	if links := podLinks(t); len(links) != 2 {
		t.Errorf("links %v, want those of two pods", links)
	}
}

func TestStopFreesThePod(t *testing.T) {
	r := newRuntime(t)
	p := startPod(t, r, "stopped")
	c := start(t, p, spec(containertest.ActionPrint, "stdout", "words"))
	ended(t, c)
	start(t, p, spec(containertest.ActionSleep))
	for range 2 {
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if links := podLinks(t); len(links) != 0 {
		t.Errorf("links %v are left", links)
	}
	if _, found := r.Pod("uid-stopped"); found {
		t.Error("the pod is still there")
	}
	if _, err := p.Start(t.Context(), spec(containertest.ActionSleep)); err == nil || !strings.Contains(err.Error(), "the pod is stopped") {
		t.Errorf("start in a stopped pod: %v", err)
	}
	if _, err := p.Dial(t.Context(), "tcp", 1); err == nil || !strings.Contains(err.Error(), "the pod is stopped") {
		t.Errorf("dial in a stopped pod: %v", err)
	}
	if got := logText(t, c); got != "words" {
		t.Errorf("log after the pod's end: %q", got)
	}
	if err := r.Prune(func(uid string) bool { return uid == "uid-stopped" }); err != nil {
		t.Fatal(err)
	}
	if logs, err := r.Logs("uid-stopped", "main"); err != nil || len(logs) != 2 {
		t.Errorf("logs %v, %v", logs, err)
	}
	if err := r.RemoveLogs("uid-stopped"); err != nil {
		t.Fatal(err)
	}
	if logs, err := r.Logs("uid-stopped", "main"); err != nil || len(logs) != 0 {
		t.Errorf("logs %v, %v", logs, err)
	}
}

func TestClosedRuntimeStartsNothing(t *testing.T) {
	r := newRuntime(t)
	p := startPod(t, r, "closed")
	c := start(t, p, spec(containertest.ActionSleep))
	if err := r.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if c.Status().Running {
		t.Error("a container runs")
	}
	if _, err := r.StartPod(t.Context(), podSpec("late")); err == nil || err.Error() != "the container runtime is closed" {
		t.Errorf("start: %v", err)
	}
}

// podLinks lists the bridge's ports.
func podLinks(t testing.TB) []string {
	t.Helper()
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range links {
		if l.Attrs().MasterIndex != 0 {
			names = append(names, l.Attrs().Name)
		}
	}
	return names
}
