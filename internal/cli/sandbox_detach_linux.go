package cli

import "syscall"

// detached makes a process that outlives the terminal of the one that started it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
