package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// shutdownTimeout bounds the polite end of a component. Nothing is lost when
// one does not make it: etcd's log holds every write that was acknowledged.
const shutdownTimeout = 2 * time.Second

// Run starts the control plane, calls c.Ready and serves until ctx is done
// (then it returns nil) or a component fails. It changes the process' working
// directory, log and garbage collection, and may run once in a process.
func Run(ctx context.Context, c Config) error {
	c, err := c.withDefaults()
	if err != nil {
		return err
	}
	files := Layout{Dir: c.Dir}
	go tendMemory(ctx)
	held, err := enter(files)
	if err != nil {
		return err
	}
	defer held.Close()
	log, err := logTo(files.Log())
	if err != nil {
		return err
	}
	restoreStderr, err := divertStderr(files.Log())
	if err != nil {
		return err
	}
	defer restoreStderr()
	listener, err := prepare(c, files)
	if err != nil {
		return err
	}
	defer listener.Close()

	etcd, err := startEtcd(ctx, files.etcd(), log)
	if err != nil {
		return err
	}
	defer etcd.Close()

	parts := newParts(ctx)
	parts.start(func(ctx context.Context) error { return serveAPI(ctx, c, files, listener) })
	err = parts.whileRunning(func(ctx context.Context) error { return WaitReady(ctx, files.Kubeconfig()) })
	if err != nil {
		return stopped(ctx, parts, err)
	}
	c.Ready(files.Kubeconfig())
	if c.Controllers {
		parts.start(func(ctx context.Context) error { return manageControllers(ctx, files) })
		parts.start(func(ctx context.Context) error { return schedule(ctx, files) })
	}
	return stopped(ctx, parts, parts.wait())
}

// enter takes the directory for this process, as long as the returned lock is open.
func enter(files Layout) (io.Closer, error) {
	if err := os.MkdirAll(files.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the control plane's directory: %w", err)
	}
	if err := os.Chdir(files.Dir); err != nil {
		return nil, fmt.Errorf("entering the control plane's directory: %w", err)
	}
	return lock(files.lock())
}

// prepare brings the files up to date and opens the API server's port.
func prepare(c Config, files Layout) (net.Listener, error) {
	if err := ensureCertificates(c, files, time.Now()); err != nil {
		return nil, err
	}
	last, err := lastPort(files.Kubeconfig())
	if err != nil {
		return nil, err
	}
	listener, err := listenAll(c, last)
	if err != nil {
		return nil, err
	}
	if err := writeKubeconfigs(c, files, "https://"+listener.Addr().String()); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

func writeKubeconfigs(c Config, files Layout, server string) error {
	ca := files.CA().Cert
	if err := WriteKubeconfig(files.Kubeconfig(), c.Name, server, ca, files.Admin()); err != nil {
		return err
	}
	for _, component := range []string{"controller-manager", "scheduler"} {
		if err := WriteKubeconfig(files.componentKubeconfig(component), c.Name, server, ca, files.pair(component)); err != nil {
			return err
		}
	}
	return nil
}

// stopped ends the parts and tells a wanted end from a failure.
func stopped(ctx context.Context, parts *parts, err error) error {
	parts.stop(shutdownTimeout)
	select {
	case <-ctx.Done(): // asked for, so whatever the parts say about it is no failure
		return nil
	default:
	}
	if err == nil {
		return errors.New("a part of the control plane ended without being asked to")
	}
	return err
}
