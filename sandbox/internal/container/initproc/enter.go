package initproc

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

const containerNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWPID

// enter runs a program in the container and exits as it does. It returns only when it cannot.
func enter() error {
	// Having joined another pid namespace, a thread can only make processes, no threads. Locked to it, Go
	// makes its threads elsewhere; otherwise it would end the process in the attempt.
	runtime.LockOSThread()
	unix.CloseOnExec(ControlFD)
	unix.CloseOnExec(TargetFD)
	var e Enter
	if err := receive(&e); err != nil {
		return fmt.Errorf("read the program's specification: %w", err)
	}
	// A thread that shares its root directory with others may not change to another mount namespace.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("part from the other threads' root: %w", err)
	}
	if err := unix.Setns(TargetFD, containerNamespaces); err != nil {
		return fmt.Errorf("join the container: %w", err)
	}
	if err := os.Chdir(e.WorkDir); err != nil {
		return fmt.Errorf("change to the working directory: %w", err)
	}
	unix.Umask(0o022)
	path, err := lookPath(e.Args, e.Env)
	if err != nil {
		return err
	}
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	session := &syscall.SysProcAttr{Setsid: true}
	if e.TTY {
		slave, err := openTerminal()
		if err != nil {
			return err
		}
		terminal := os.NewFile(uintptr(slave), "terminal")
		files = []*os.File{terminal, terminal, terminal}
		session.Setctty = true
	}
	if err := dropCapabilities(); err != nil {
		return err
	}
	// The pid namespace that was joined is that of children: the program has to be one.
	process, err := os.StartProcess(path, e.Args, &os.ProcAttr{Env: e.Env, Files: files, Sys: session})
	if err != nil {
		return err
	}
	for _, f := range files {
		f.Close()
	}
	if err := send(Reply{Started: true}); err != nil {
		process.Kill()
	}
	go killWithRuntime(process)
	state, err := process.Wait()
	if err != nil {
		return err
	}
	os.Exit(exitCode(state.Sys().(syscall.WaitStatus)))
	return nil
}

// killWithRuntime ends the program when the runtime closes the control socket or dies.
func killWithRuntime(process *os.Process) {
	_, _ = control{}.Read(make([]byte, 1)) // nothing follows the request, so that it returns at the end only
	process.Kill()
}

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
