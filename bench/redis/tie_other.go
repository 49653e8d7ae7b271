//go:build !linux

package main

import (
	"errors"
	"os/exec"
)

var errTie = errors.New("a server cannot be made to end with its client here")

func tie(*exec.Cmd) error { return errTie }
