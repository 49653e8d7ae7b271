package main

import (
	"os/exec"
	"syscall"
)

// tie makes a process end when this one does.
func tie(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return nil
}
