package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/meshmanager/smm/sandbox/internal/container/initproc"
)

// launchTimeout bounds the time from the start of a process to that of its program.
const launchTimeout = 30 * time.Second

// launched is a process of package initproc that has come as far as its program.
type launched struct {
	process *os.Process
	// control ends the program when it is closed, if the process entered a container.
	control *net.UnixConn
	// terminal is the master end, if the process asked for a terminal.
	terminal *os.File
}

// launch starts this executable as a process of package initproc and sees it through to its program. The files
// are the standard streams and, optionally, the process' target.
func (r *Runtime) launch(ctx context.Context, name string, request any, files []*os.File, flags uintptr) (*launched, error) {
	ctx, cancel := context.WithTimeout(ctx, launchTimeout)
	defer cancel()
	control, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	files = append(files[:3:3], append([]*os.File{theirs}, files[3:]...)...)
	process, err := r.spawner.start("/proc/self/exe", []string{name}, &os.ProcAttr{
		Env:   []string{},
		Files: files,
		Sys:   &syscall.SysProcAttr{Cloneflags: flags, Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	theirs.Close()
	if err != nil {
		control.Close()
		return nil, err
	}
	l := &launched{process: process, control: control}
	if err := l.handshake(ctx, request); err != nil {
		process.Kill()
		_, _ = process.Wait() // what counts is why the handshake failed
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *launched) close() {
	l.control.Close()
	if l.terminal != nil {
		l.terminal.Close()
	}
}

// handshake sends the request and reads replies until the program runs.
func (l *launched) handshake(ctx context.Context, request any) error {
	stop := context.AfterFunc(ctx, func() {
		_ = l.control.SetDeadline(time.Unix(1, 0)) // fails when the socket is closed, which ends the wait too
	})
	defer stop()
	// Nothing may follow the JSON value: what the process leaves unread turns the end of the stream into an error.
	message, err := json.Marshal(request)
	if err == nil {
		_, err = l.control.Write(message)
	}
	if err == nil {
		err = l.readReplies()
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (l *launched) readReplies() error {
	replies := json.NewDecoder(l)
	for {
		var reply initproc.Reply
		switch err := replies.Decode(&reply); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("hear from the container's first process: %w", err)
		case reply.Error != "":
			return errors.New(reply.Error)
		case reply.Started:
			return nil
		}
	}
}

// Read reads replies; a terminal that comes with one is kept.
func (l *launched) Read(p []byte) (int, error) {
	rights := make([]byte, unix.CmsgSpace(4))
	n, nrights, _, _, err := l.control.ReadMsgUnix(p, rights)
	if err != nil {
		return 0, err // n is negative then
	}
	if nrights == 0 {
		return n, nil
	}
	messages, err := unix.ParseSocketControlMessage(rights[:nrights])
	if err != nil {
		return n, err
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return n, err
		}
		// Only a non-blocking file can be read with a deadline and closed while it is read.
		if err := unix.SetNonblock(fds[0], true); err != nil {
			return n, err
		}
		l.terminal = os.NewFile(uintptr(fds[0]), "terminal")
	}
	return n, nil
}

// socketPair makes a connected pair of stream sockets: one end for this process, one to inherit.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "control")
	ours := os.NewFile(uintptr(fds[0]), "control")
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}
