package container_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func TestMountsAppearAtTheirPaths(t *testing.T) {
	p := startPod(t, newRuntime(t), "mounts")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "volume/config"), "from a directory")
	file := write(t, filepath.Join(dir, "file"), "from a file")

	outer := container.Mount{Source: filepath.Join(dir, "volume"), Target: "/a/b/volume", ReadOnly: true}
	inner := container.Mount{Source: file, Target: "/a/b/volume/inner/file"}
	hosts := container.Mount{Source: file, Target: "/etc/hosts"}
	log := container.Mount{Source: file, Target: "/dev/termination-log"}
	for _, test := range []struct {
		path, want string
		mounts     []container.Mount
	}{
		{"/a/b/volume/config", "from a directory", []container.Mount{outer}},
		// The inner mount comes first in the list and its mount point is missing in a read-only volume.
		{"/a/b/volume/inner/file", "from a file", []container.Mount{inner, outer}},
		{"/etc/hosts", "from a file", []container.Mount{hosts}},
		{"/dev/termination-log", "from a file", []container.Mount{log}},
	} {
		s := spec(containertest.ActionRead, test.path)
		s.Mounts = test.mounts
		c := start(t, p, s)
		ended(t, c)
		if got := logText(t, c); got != test.want {
			t.Errorf("%s holds %q, want %q", test.path, got, test.want)
		}
	}
}

// An image can bring files besides its executable, also where the root cannot be written. A volume at the same place hides
// them, as it does in an image.
func TestFilesOfTheImage(t *testing.T) {
	p := startPod(t, newRuntime(t), "files")
	dir := t.TempDir()
	files := []container.Mount{{Source: write(t, filepath.Join(dir, "image"), "of the image"), Target: "/usr/share/a/file", ReadOnly: true}}
	volume := []container.Mount{{Source: write(t, filepath.Join(dir, "volume"), "of a volume"), Target: "/usr/share/a/file"}}
	for want, mounts := range map[string][]container.Mount{"of the image": nil, "of a volume": volume} {
		s := spec(containertest.ActionRead, "/usr/share/a/file")
		s.Executable.Files, s.Mounts, s.ReadOnlyRoot = files, mounts, true
		c := start(t, p, s)
		ended(t, c)
		if got := logText(t, c); got != want {
			t.Errorf("the file holds %q, want %q", got, want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	p := startPod(t, newRuntime(t), "readonly")
	dir := t.TempDir()
	for _, test := range []struct {
		name, path   string
		readOnlyRoot bool
		mount        container.Mount
		writable     bool
	}{
		{name: "root", path: "/x", writable: true},
		{name: "read-only root", path: "/x", readOnlyRoot: true},
		{name: "read-only root: /tmp is part of it", path: "/tmp/x", readOnlyRoot: true},
		{name: "read-only root: /dev/shm is not", path: "/dev/shm/x", readOnlyRoot: true, writable: true},
		{name: "volume below a read-only root", path: "/data/x", readOnlyRoot: true, mount: container.Mount{Source: dir, Target: "/data"}, writable: true},
		{name: "read-only volume", path: "/data/x", mount: container.Mount{Source: dir, Target: "/data", ReadOnly: true}},
		{name: "settings of the kernel", path: "/proc/sys/kernel/domainname"},
		{name: "executable", path: containertest.Image().Entrypoint[0]},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := spec(containertest.ActionWrite, test.path, "content")
			s.ReadOnlyRoot = test.readOnlyRoot
			if test.mount.Source != "" {
				s.Mounts = []container.Mount{test.mount}
			}
			c := start(t, p, s)
			code := ended(t, c).Code
			if writable := code == 0; writable != test.writable {
				t.Errorf("write %s: exit code %d: %s", test.path, code, logText(t, c))
			}
		})
	}
}

// Containers share a volume, see what changes in it, and nothing of each other's roots.
func TestVolumesAreShared(t *testing.T) {
	p := startPod(t, newRuntime(t), "shared")
	volume := container.Mount{Source: t.TempDir(), Target: "/data"}
	s := spec(containertest.ActionWrite, "/data/x", "written by a container")
	s.Mounts = []container.Mount{volume}
	if c := start(t, p, s); ended(t, c).Code != 0 {
		t.Fatal(logText(t, c))
	}
	if got, _ := os.ReadFile(filepath.Join(volume.Source, "x")); string(got) != "written by a container" {
		t.Errorf("the machine sees %q", got)
	}

	s = spec(containertest.ActionSleep)
	s.Name, s.Mounts = "reader", []container.Mount{volume}
	reader := start(t, p, s)
	write(t, filepath.Join(volume.Source, "later"), "written later")
	program := containertest.Image().Entrypoint[0]
	var out strings.Builder
	if code, err := reader.Exec(t.Context(), container.ExecSpec{Argv: []string{program, "read", "/data/later"}, Streams: container.Streams{Stdout: &out}}); err != nil || code != 0 || out.String() != "written later" {
		t.Errorf("the running container reads %q, %d, %v", out.String(), code, err)
	}
	if code, _ := reader.Exec(t.Context(), container.ExecSpec{Argv: []string{program, "write", "/own", ""}}); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	s = spec(containertest.ActionRead, "/own")
	if c := start(t, p, s); ended(t, c).Code == 0 {
		t.Error("a container sees a file of another one's root")
	}
}

// A link in a volume must not lead a mount point out of the container.
func TestLinkInVolumeStaysInside(t *testing.T) {
	p := startPod(t, newRuntime(t), "links")
	outside, volume := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(volume, "link")); err != nil {
		t.Fatal(err)
	}
	s := spec(containertest.ActionRead, filepath.Join(outside, "target/file"))
	inner := t.TempDir()
	write(t, filepath.Join(inner, "file"), "inner")
	// Depth orders the volume first.
	s.Mounts = []container.Mount{{Source: volume, Target: "/v"}, {Source: inner, Target: "/v/link/target"}}
	c, err := p.Start(t.Context(), s)
	if err == nil {
		ended(t, c)
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Errorf("a mount point was made outside: %v", entries)
	}
}
