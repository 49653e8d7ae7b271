//go:build !linux

package main

import "fmt"

type machine struct{ name string }

func newMachine(string) (*machine, error) { return nil, fmt.Errorf("%w: it needs Linux", errSkipped) }

func (*machine) do(func() error) error { return errSkipped }

func (*machine) ip(string) error { return errSkipped }

func connect(_, _ *machine) error { return errSkipped }

func asRoot() (bool, error) { return false, nil }
