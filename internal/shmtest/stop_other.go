//go:build !linux

package shmtest

// AwaitStop is for systems where processes can be stopped.
func AwaitStop(int) {}

// Stop skips the test: a process cannot be stopped here.
func (p *Process) Stop() { p.t.Skip("processes cannot be stopped on this system") }

// Cont does nothing.
func (p *Process) Cont() {}

func askForStacks(*Process) {}
