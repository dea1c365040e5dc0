// Package initproc is what a container's process does before it becomes the container's program.
//
// The runtime starts its own executable again under one of the names below. The package then takes over
// in its init function, long before main: an executable that holds Kubernetes initialises thousands
// of packages, which takes more than 50 ms, and this way a container needs about 3 ms. It works because
// Go initialises packages in the order of their import paths as far as dependencies allow; therefore
// this package may import little (see TestImports).
//
// An init function runs on the process' first thread and stays on it, which joining namespaces needs.
package initproc

import "os"

// Names under which the executable is started again.
const (
	// CreateName builds a container around itself, in fresh mount, pid, uts and ipc namespaces, and
	// becomes its program. It reads a Create from ControlFD.
	CreateName = "smm-container-create"
	// EnterName joins the container of the process behind TargetFD, runs a program in it and exits as that
	// does. It reads an Enter from ControlFD.
	EnterName = "smm-container-enter"
)

// Descriptors that the process inherits beside the standard streams.
const (
	// ControlFD is a stream socket: the request comes in as JSON, replies go out (see Reply).
	ControlFD = 3
	// TargetFD is the pod's network namespace for CreateName, the container's pidfd for EnterName.
	TargetFD = 4
)

func init() { //nolint:gochecknoinits // it has to run before the packages of the rest of the program, see above
	if len(os.Args) == 0 {
		return
	}
	switch os.Args[0] {
	case CreateName:
		fail(create())
	case EnterName:
		fail(enter())
	}
}

// fail reports an error to the runtime. create and enter do not return without one.
func fail(err error) {
	_ = send(Reply{Error: err.Error()}) // a runtime that does not hear it is gone
	os.Exit(1)
}
