package kubelet

import (
	"testing"
	"time"
)

func TestParseMachine(t *testing.T) {
	const stat = "cpu  100 20 30 4000 500 6 7 8 90 10\ncpu0 100 20 30 4000 500 6 7 8 90 10\nintr 1 2\nbtime 1700000000\n"
	const meminfo = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\n"
	got, err := parseMachine(stat, meminfo)
	if want := (machine{time.Unix(1700000000, 0), usage{1710 * time.Millisecond, 600 << 10}}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, text := range [][2]string{{"", meminfo}, {"cpu 1 2 3\nbtime 1\n", meminfo}, {stat, "MemTotal: 1 kB\n"}} {
		if _, err := parseMachine(text[0], text[1]); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

func TestSubresources(t *testing.T) {
	for path, want := range map[string]string{
		"/stats/summary": "stats", "/metrics": "metrics", "/metrics/cadvisor": "metrics", "/logs/x": "log",
		"/pods": "pods", "/healthz": "healthz", "/exec/a/b/c": "proxy", "/metricsx": "proxy", "/": "proxy",
	} {
		if got := subresources(path)[0]; got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
