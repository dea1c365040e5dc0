package initproc

import (
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Create asks for a container.
type Create struct {
	// Root is an empty directory; the container's root is mounted on it, unseen by anybody else.
	Root     string
	Hostname string
	// JoinNetwork says that TargetFD holds the network namespace to join.
	JoinNetwork bool
	Mounts      []Mount
	// Files are made in the root before Mounts, by path.
	Files        map[string]string
	ReadOnlyRoot bool
	Process
}

// Mount shows a file or directory of the machine in the container.
type Mount struct {
	Source, Target string
	ReadOnly       bool
}

// Enter asks for a program in a running container.
type Enter struct {
	Process
}

// Process is the program to run.
type Process struct {
	Args, Env []string
	WorkDir   string
	TTY       bool
}

// Reply is sent to the runtime as JSON, one after the other. The end of the stream without an Error
// means that the container's program runs.
type Reply struct {
	// Error says why the program cannot run.
	Error string `json:",omitempty"`
	// Terminal says that the terminal's master end comes with this message.
	Terminal bool `json:",omitempty"`
	// Started says that the program runs (EnterName only, whose stream stays open).
	Started bool `json:",omitempty"`
}

// receive reads the request, one JSON value.
func receive(request any) error {
	return json.NewDecoder(control{}).Decode(request)
}

func send(reply Reply, descriptors ...int) error {
	message, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	var rights []byte
	if len(descriptors) > 0 {
		rights = unix.UnixRights(descriptors...)
	}
	if err := unix.Sendmsg(ControlFD, message, rights, nil, unix.MSG_NOSIGNAL); err != nil {
		return os.NewSyscallError("sendmsg", err)
	}
	return nil
}

// control reads the control socket without the runtime's poller, which would keep a descriptor of its own.
type control struct{}

func (control) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(ControlFD, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, fmt.Errorf("the runtime is gone")
		default:
			return n, nil
		}
	}
}
