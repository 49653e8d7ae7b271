//go:build linux && (amd64 || arm64)

package crash

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

var errNoEntry = errors.New("crash: no instruction that enters the kernel is known: the thread has come to no Await")

// call makes the thread execute a system call. Afterwards all is as it was, but
// for what the call did.
func (t *Tracer) call(nr uint64, args ...uint64) error {
	if t.entry == 0 {
		return errNoEntry
	}
	var saved unix.PtraceRegs
	if err := t.registers(&saved); err != nil {
		return err
	}
	r := saved
	prepareCall(&r, t.entry, nr, [3]uint64(args))
	if err := unix.PtraceSetRegs(t.tid, &r); err != nil {
		return fmt.Errorf("crash: registers: %w", err)
	}
	// A handler must not run in between: its signals come afterwards.
	owed := t.deliver
	t.deliver = 0
	for {
		got, err := t.resume(unix.PTRACE_SINGLESTEP)
		if err != nil {
			return err
		}
		if got == stopStep {
			break
		}
		if t.deliver != 0 {
			owed, t.deliver = t.deliver, 0
		}
	}
	t.deliver = owed
	if err := t.registers(&r); err != nil {
		return err
	}
	if errno := callResult(&r); errno < 0 {
		return fmt.Errorf("crash: system call %d in the traced thread: %w", nr, unix.Errno(-errno))
	}
	if err := unix.PtraceSetRegs(t.tid, &saved); err != nil {
		return fmt.Errorf("crash: registers: %w", err)
	}
	return nil
}

func (t *Tracer) registers(r *unix.PtraceRegs) error {
	if err := unix.PtraceGetRegs(t.tid, r); err != nil {
		return fmt.Errorf("crash: registers: %w", err)
	}
	return nil
}

// callers are the addresses of the instructions that the thread is in, innermost
// first, by the chain of frame pointers. It has pc alone if no more is known.
func (t *Tracer) callers(r *unix.PtraceRegs, limit int) []uintptr {
	pcs := []uintptr{uintptr(programCounter(r))}
	for fp := framePointer(r); fp != 0 && len(pcs) < limit; {
		var frame [16]byte
		if _, err := t.memory.ReadAt(frame[:], int64(fp)); err != nil {
			break
		}
		next, ret := binary.LittleEndian.Uint64(frame[:8]), binary.LittleEndian.Uint64(frame[8:])
		if ret == 0 || next <= fp && next != 0 {
			break
		}
		pcs = append(pcs, uintptr(ret))
		fp = next
	}
	return pcs
}
