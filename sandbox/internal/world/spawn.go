//go:build linux

package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// SuperviseCommand is the program's command that becomes the supervisor. It
// gets --state-dir, and files: what it has to report about its start goes to
// ReportFD, the clusters' listeners are at ListenerFD and above.
const (
	SuperviseCommand = "supervise"
	ReportFD         = 3
	ListenerFD       = 4
)

// spawnTimeout bounds the time until the supervisor has made its networks.
const spawnTimeout = 30 * time.Second

// spawn starts the supervisor in the background, in namespaces of its own, and
// waits until it reports that these are ready.
func spawn(ctx context.Context, dir layout.Dir, listeners []*os.File) error {
	var errs []error
	for _, attributes := range isolations(os.Getuid(), os.Getgid()) {
		err := spawnWith(ctx, dir, listeners, attributes)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrNamespaces) {
			return err
		}
		errs = append(errs, err)
	}
	return denied(errors.Join(errs...))
}

// isolations are the ways to get namespaces, best first. Root needs no user
// namespace, and does without what may be forbidden about them.
func isolations(uid, gid int) []*syscall.SysProcAttr {
	const namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID
	plain := &syscall.SysProcAttr{Setsid: true, Cloneflags: namespaces}
	user := &syscall.SysProcAttr{
		Setsid:      true,
		Cloneflags:  namespaces | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}},
	}
	if uid == 0 {
		return []*syscall.SysProcAttr{plain, user}
	}
	return []*syscall.SysProcAttr{user}
}

func spawnWith(ctx context.Context, dir layout.Dir, listeners []*os.File, attributes *syscall.SysProcAttr) error {
	log, err := os.OpenFile(dir.SupervisorLog(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	defer log.Close()
	report, theirs, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	defer report.Close()

	// The supervisor outlives this command, and so this command's context.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/proc/self/exe", SuperviseCommand, "--state-dir", string(dir))
	cmd.Args[0] = "smm-sandbox"
	cmd.Dir = "/"
	cmd.Env = environment(os.Environ())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = append([]*os.File{theirs}, listeners...)
	cmd.SysProcAttr = attributes
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNamespaces, err)
	}
	if err := heard(ctx, report); err != nil {
		cmd.Process.Kill()
		_ = cmd.Wait() // the report says more than how the process ended
		return err
	}
	return cmd.Process.Release()
}

// heard reads the report until its end.
func heard(ctx context.Context, report *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, spawnTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { report.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	message, err := io.ReadAll(report)
	if ctx.Err() != nil {
		return fmt.Errorf("starting the supervisor: %w", context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("starting the supervisor: %w", err)
	}
	return ParseReport(message)
}

// environment keeps what a program needs to run. Proxies above all must not
// get in: the addresses inside mean nothing to them.
func environment(all []string) []string {
	var kept []string
	for _, variable := range all {
		name, _, _ := strings.Cut(variable, "=")
		switch name {
		case "PATH", "HOME", "USER", "TMPDIR", "TZ", "LANG", "GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG", "GOTRACEBACK":
			kept = append(kept, variable)
		}
	}
	return kept
}
