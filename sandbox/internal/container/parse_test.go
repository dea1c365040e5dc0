package container

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseCPU(t *testing.T) {
	for stat, want := range map[string]time.Duration{
		"1 (smm) S 0 1 1 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 7 0 1 2 3": 1270 * time.Millisecond,
		"1 (a) b (c)) S 0 1 1 0 -1 4194560 1 2 3 4 1 0 0 0 20 0 7":       10 * time.Millisecond,
		"1 (gone": 0,
		"":        0,
	} {
		if got := time.Duration(parseCPU(stat)); got != want {
			t.Errorf("%q: %v, want %v", stat, got, want)
		}
	}
}

func TestEtcFiles(t *testing.T) {
	pod := PodSpec{
		Name: "a-name-that-is-longer-than-any-host-name-may-be-which-are-63-char.s-at-most", IP: "10.0.0.1",
		HostAliases: []HostAlias{{IP: "10.0.0.9", Hostnames: []string{"db", "db.example"}}},
		DNS:         DNSConfig{Nameservers: []string{"10.96.0.10", "10.96.0.11"}},
	}
	files := etcFiles(pod)
	const name = "a-name-that-is-longer-than-any-host-name-may-be-which-are-63-ch"
	want := map[string]string{
		"/etc/hostname":    name + "\n",
		"/etc/hosts":       "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.1\t" + name + "\n10.0.0.9\tdb\tdb.example\n",
		"/etc/resolv.conf": "nameserver 10.96.0.10\nnameserver 10.96.0.11\n",
	}
	for path, content := range want {
		if diff := cmp.Diff(content, files[path]); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestNames(t *testing.T) {
	if got := linkName("8a0b7c61-2d3f-4b55-9a77-5d7f0a1b2c3d"); len(got) != 15 || got == linkName("8a0b7c61-2d3f-4b55-9a77-5d7f0a1b2c3e") {
		t.Errorf("link name %q", got)
	}
	if got := (PodSpec{Hostname: "h", Name: "n"}).hostname(); got != "h" {
		t.Errorf("host name %q", got)
	}
}
