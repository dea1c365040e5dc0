package container

import (
	"os"
	"os/signal"
	"syscall"
)

// hearHangups keeps containers from inheriting an ignored SIGHUP, which ends programs whose terminal is gone: nohup has it
// ignored here. A signal that is caught is as usual in programs that are started (execve(2)).
func hearHangups() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
}
