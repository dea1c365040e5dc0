package container

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

const threadNetwork = "/proc/thread-self/ns/net"

// newNetwork makes a network namespace, runs setup in it and returns the file that holds it.
func newNetwork(setup func() error) (*os.File, error) {
	var network *os.File
	err := onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		if err := setup(); err != nil {
			return err
		}
		var err error
		network, err = os.Open(threadNetwork)
		return err
	})
	return network, err
}

// inNetwork runs do in a network namespace. Sockets that it makes stay in that namespace.
func inNetwork(network *os.File, do func() error) error {
	return onOwnThread(func() error {
		handle, err := network.SyscallConn()
		if err != nil {
			return err
		}
		var joined error
		if err := handle.Control(func(fd uintptr) { joined = unix.Setns(int(fd), unix.CLONE_NEWNET) }); err != nil {
			return fmt.Errorf("the pod is stopped: %w", err)
		}
		if joined != nil {
			return fmt.Errorf("join the pod's network: %w", joined)
		}
		return do()
	})
}

// onOwnThread runs do on a thread that no other goroutine uses meanwhile, and gives the thread back in the network
// namespace that it had. A thread that cannot be given back ends with its goroutine.
func onOwnThread(do func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		own, err := os.Open(threadNetwork)
		if err != nil {
			runtime.UnlockOSThread()
			result <- err
			return
		}
		defer own.Close()
		result <- do()
		if unix.Setns(int(own.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	}()
	return <-result
}
