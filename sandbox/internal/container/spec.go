package container

import (
	"io"
	"syscall"
	"time"
)

// PodSpec says what a pod's containers share.
type PodSpec struct {
	UID, Namespace, Name string
	// Hostname is the host name of every container of the pod; empty means Name.
	Hostname string
	// IP is the pod's address. Its prefix length is that of the bridge's address.
	IP string
	// Gateway is the address of Bridge and the pod's default route.
	Gateway string
	// Bridge is the link that the pod's network is attached to. Empty means that the pod has the
	// node's own network (hostNetwork); IP and Gateway then only fill /etc/hosts.
	Bridge string
	DNS    DNSConfig
	// HostAliases are further lines of /etc/hosts.
	HostAliases []HostAlias
}

// DNSConfig is the content of a pod's /etc/resolv.conf.
type DNSConfig struct {
	Nameservers, Searches, Options []string
}

// HostAlias is a line of /etc/hosts.
type HostAlias struct {
	IP        string
	Hostnames []string
}

// Image is what a container of this sandbox is made of: a static executable, and other files where it needs some.
type Image struct {
	// Path is the executable's file on this machine.
	Path string
	// Entrypoint is the command run when a container names none. Its first element is also the path at
	// which a container sees the executable, for example /usr/local/bin/pilot-agent.
	Entrypoint []string
	// Files are further files of the image.
	Files []Mount
}

// Images finds the executable that stands for an image reference.
type Images interface {
	Lookup(ref string) (Image, bool)
}

// Spec describes one attempt of one container.
type Spec struct {
	Name string
	// Attempt counts the starts of this container from 0, as a pod status counts restarts. It names
	// the log file.
	Attempt    int
	Executable Image
	// Args is the whole argument vector. A first element without a slash is looked up in PATH.
	Args []string
	// Env holds KEY=value. PATH, HOSTNAME and HOME get a default where they are missing.
	Env []string
	// WorkDir is made when it is missing; empty means "/".
	WorkDir string
	// Mounts are bound in order of depth, whatever their order here.
	Mounts       []Mount
	ReadOnlyRoot bool
	// TTY gives the container a terminal; both output streams then are one.
	TTY bool
	// Stdin keeps standard input open for Attach; otherwise it is /dev/null. StdinOnce ends it with
	// the first Attach.
	Stdin, StdinOnce bool
}

// Mount makes a file or directory of this machine visible in a container. Links inside Source that
// lead out of it are the caller's to resolve (subPath).
type Mount struct {
	Source, Target string
	ReadOnly       bool
}

// ExitStatus is the state of a container's attempt.
type ExitStatus struct {
	Running bool
	// Code is the exit code; 128 + Signal when a signal ended the process.
	Code   int
	Signal syscall.Signal
	// OOMKilled says that the kernel ended the process for want of memory.
	OOMKilled         bool
	Started, Finished time.Time
}

// Streams connect a process in a container with its user. Any field may be nil.
type Streams struct {
	// Stdin is read until it ends or the process does. A Read under way then is not interrupted: end
	// it by closing whatever it reads from.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Resize carries the sizes of the user's terminal. Without TTY it is not read.
	Resize <-chan Size
}

// ExecSpec describes a process to run in a running container.
type ExecSpec struct {
	Argv []string
	// Env is added to the container's own environment.
	Env []string
	// TTY gives the process a terminal; Stderr is then not used.
	TTY bool
	Streams
}

// Size is a terminal's size in characters.
type Size struct {
	Width, Height uint16
}
