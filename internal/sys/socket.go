package sys

import "syscall"

// RawConn is the descriptor of a socket or file, for as long as it stays open.
type RawConn = syscall.RawConn

// Raw gives the descriptor of a socket of package net; ok is false if c is none.
func Raw(c any) (raw RawConn, ok bool) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil, false
	}
	raw, err := sc.SyscallConn()
	return raw, err == nil
}
