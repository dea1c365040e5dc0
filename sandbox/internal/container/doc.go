// Package container runs pods as processes of this machine, without a container engine.
//
// A pod is a network namespace. The Runtime holds it by a file descriptor, so it needs no process and no
// mount. A container is one process tree with its own mount, pid, uts and ipc namespaces in the pod's
// network namespace; its root is a tmpfs with one executable, the basic devices, /proc, a few files
// below /etc and its volumes.
//
// It works as root, and in a user namespace that maps only the caller to root. As such a namespace
// holds one user, every container runs as user 0, whatever runAsUser says, with few capabilities.
//
// Containers end with the process that holds the Runtime: nothing survives it, also when it is killed,
// but logs and empty directories, which Prune removes. A restarted node starts its pods again.
//
// A container's first process is this executable again, for a moment (see package initproc): there is nothing
// to call for it in main.
//
// It needs Linux 5.12 or newer.
package container
