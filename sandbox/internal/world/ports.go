//go:build linux

package world

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// wantedPort is the port of a cluster's API server on the host, and whether
// another will do when it is taken.
func wantedPort(s state, c layout.Cluster, base int) (port int, replaceable bool) {
	if base != 0 {
		return base + int(c) - 1, false
	}
	return s.Ports[c.Name()], true
}

// openListeners opens a port on the host for each cluster and records it in s.
// The sockets stay in the host's network wherever they are inherited.
func openListeners(s state, base int) (files []*os.File, err error) {
	defer func() {
		if err != nil {
			closeAll(files)
			files = nil
		}
	}()
	for _, c := range layout.Clusters(s.Clusters) {
		port, replaceable := wantedPort(s, c, base)
		listener, err := listenOn(port)
		if replaceable && errors.Is(err, syscall.EADDRINUSE) {
			listener, err = listenOn(0)
		}
		if err != nil {
			return files, fmt.Errorf("opening a port for cluster %s: %w", c.Name(), err)
		}
		file, err := listener.File()
		s.Ports[c.Name()] = listener.Addr().(*net.TCPAddr).Port
		listener.Close()
		if err != nil {
			return files, fmt.Errorf("opening a port for cluster %s: %w", c.Name(), err)
		}
		files = append(files, file)
	}
	return files, nil
}

// Listeners are the sockets of openListeners in the supervisor, which inherits them.
func Listeners(dir layout.Dir) ([]*os.File, error) {
	s, err := readState(dir)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for _, c := range layout.Clusters(s.Clusters) {
		files = append(files, os.NewFile(uintptr(ListenerFD+len(files)), "listener of "+c.Name()))
	}
	return files, nil
}

func listenOn(port int) (*net.TCPListener, error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	return listener.(*net.TCPListener), nil
}

func closeAll(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}
