package container_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

// BenchmarkPod starts a pod with one container and stops it: the whole life of the shortest pod.
func BenchmarkPod(b *testing.B) {
	r := newRuntime(b)
	for i := 0; b.Loop(); i++ {
		p := startPod(b, r, fmt.Sprint("bench", i))
		ended(b, start(b, p, spec(containertest.ActionExit, "0")))
		if err := p.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pods/s")
}

// BenchmarkPodNetwork starts and stops pods without containers.
func BenchmarkPodNetwork(b *testing.B) {
	r := newRuntime(b)
	for i := 0; b.Loop(); i++ {
		if err := startPod(b, r, fmt.Sprint("bench", i)).Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPodsAtOnce starts 50 pods with a container each, all at the same time.
func BenchmarkPodsAtOnce(b *testing.B) {
	const pods = 50
	r := newRuntime(b)
	for b.Loop() {
		var all sync.WaitGroup
		for i := range pods {
			all.Go(func() {
				s := podSpec(fmt.Sprint("bench", i))
				s.IP = fmt.Sprintf("10.201.1.%d", i+1)
				p, err := r.StartPod(b.Context(), s)
				if err != nil {
					b.Error(err)
					return
				}
				if _, err := p.Start(b.Context(), spec(containertest.ActionSleep)); err != nil {
					b.Error(err)
				}
			})
		}
		all.Wait()
		b.StopTimer()
		for i := range pods {
			if p, ok := r.Pod(fmt.Sprint("uid-bench", i)); ok {
				if err := p.Stop(b.Context()); err != nil {
					b.Error(err)
				}
			}
		}
		b.StartTimer()
	}
	b.ReportMetric(pods*float64(b.N)/b.Elapsed().Seconds(), "pods/s")
}

func BenchmarkContainer(b *testing.B) {
	p := startPod(b, newRuntime(b), "bench")
	for b.Loop() {
		ended(b, start(b, p, spec(containertest.ActionExit, "0")))
	}
}

func BenchmarkExec(b *testing.B) {
	c := sleeper(b, "bench")
	for b.Loop() {
		if code, err := c.Exec(b.Context(), execSpec(containertest.ActionExit, "0")); err != nil || code != 0 {
			b.Fatal(code, err)
		}
	}
}

func BenchmarkDial(b *testing.B) {
	p := startPod(b, newRuntime(b), "bench")
	waitForLog(b, start(b, p, spec(containertest.ActionListen, "8080")), "ready")
	for b.Loop() {
		conn, err := p.Dial(b.Context(), "tcp", 8080)
		if err != nil {
			b.Fatal(err)
		}
		conn.Close()
	}
}
