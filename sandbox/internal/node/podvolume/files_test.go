package podvolume

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	volumeutil "k8s.io/kubernetes/pkg/volume/util"
)

func files(content string) Files {
	return Files{"key": volumeutil.FileProjection{Data: []byte(content), Mode: 0o640}}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A program that has the old content open keeps it; one that opens the file anew sees the new content.
// Both files of a pair change together, because one link is swapped.
func TestWriteIsAtomic(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "v")
	if err := write(dir, files("old")); err != nil {
		t.Fatal(err)
	}
	before, err := os.Readlink(filepath.Join(dir, "..data"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	// What a write that was cut off leaves behind must not be in the way.
	if err := os.Symlink("gone", filepath.Join(dir, "..data_tmp")); err != nil {
		t.Fatal(err)
	}
	if err := write(dir, files("new")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "key"); got != "new" {
		t.Errorf("content %q", got)
	}
	if after, _ := os.Readlink(filepath.Join(dir, "..data")); after == before {
		t.Error("the directory was changed in place")
	}
	old := make([]byte, 3)
	if _, err := open.Read(old); err != nil || string(old) != "old" {
		t.Errorf("the open file reads %q, %v", old, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "key")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := write(dir, Files{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "key")); !os.IsNotExist(err) {
		t.Errorf("a key that is gone still has its file: %v", err)
	}
}

func TestHostPath(t *testing.T) {
	state, node := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(state, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", filepath.Join(state, "escape")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path string
		kind corev1.HostPathType
		want string // empty: refused
	}{
		{"/var/lib/data", "", node + "/var/lib/data"},
		{"/var/log/x", corev1.HostPathDirectoryOrCreate, node + "/var/log/x"},
		{"/etc", corev1.HostPathDirectory, ""},
		{"/etc/passwd", corev1.HostPathFile, ""},
		{"/var/run/docker.sock", corev1.HostPathSocket, ""},
		{state + "/new", corev1.HostPathDirectoryOrCreate, state + "/new"},
		{state + "/none", "", ""},
		{state + "/file", corev1.HostPathFile, state + "/file"},
		{state + "/file", corev1.HostPathDirectory, ""},
		{state + "/made", corev1.HostPathFileOrCreate, state + "/made"},
		{state + "/escape", corev1.HostPathDirectory, ""},
		{state + "/../other", corev1.HostPathFileOrCreate, ""},
	}
	for _, test := range tests {
		got, err := hostPath(&corev1.HostPathVolumeSource{Path: test.path, Type: &test.kind}, state, node)
		if test.want == "" {
			if err == nil {
				t.Errorf("%s (%s) was not refused but is %s", test.path, test.kind, got)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%s (%s) is %q, %v; want %s", test.path, test.kind, got, err, test.want)
		} else if _, err := os.Stat(got); err != nil {
			t.Errorf("%s (%s): %v", test.path, test.kind, err)
		}
	}
}

// A subPath finds its place in the volume through the links of a generated volume, makes a directory
// where there is none, and never leaves the volume.
func TestSubPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "v")
	if err := write(dir, files("content")); err != nil {
		t.Fatal(err)
	}
	found, err := subPath(dir, "key")
	if err != nil || read(t, found) != "content" || !strings.Contains(found, "/..2") {
		t.Errorf("key is at %s, %v", found, err)
	}
	made, err := subPath(dir, "a/b")
	if info, statErr := os.Stat(made); err != nil || statErr != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("a/b is at %s, %v, %v", made, err, statErr)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"../../x", "out"} {
		if got, err := subPath(dir, sub); err == nil && !strings.HasPrefix(got, dir+"/") {
			t.Errorf("%s leads out of the volume to %s", sub, got)
		}
	}
}
