//go:build linux

package inside

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/world"
	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// controlPlaneEnd is how long a control plane may take to close its data.
const controlPlaneEnd = 6 * time.Second

// controlPlane is the control plane of a cluster, a process of its own.
type controlPlane struct {
	dir     layout.Dir
	cluster layout.Cluster
	// host is the API server's listener on the host.
	host *os.File
}

// run runs the control plane until it ends or, politely, ctx does. It calls ready when the API server is.
func (p controlPlane) run(ctx context.Context, ready func()) error {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", world.ControlPlaneCommand,
		"--dir", p.dir.ControlPlane(p.cluster),
		"--name", p.cluster.Name(),
		"--port", strconv.Itoa(layout.APIServerPort),
		"--advertise", p.cluster.WANAddress().String(),
		"--listen-fd", "3",
	)
	cmd.Args[0] = "smm-sandbox"
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{p.host}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = controlPlaneEnd
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting the control plane: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the control plane: %w", err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "ready ") {
			ready()
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("running the control plane: %w", err)
	}
	return nil
}
