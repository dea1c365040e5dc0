//go:build !linux

package cli

import "syscall"

// detached is of no use where there is no sandbox.
func detached() *syscall.SysProcAttr { return nil }
