//go:build linux && (amd64 || arm64)

package crash

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// Step executes so many instructions of those that own is true of, and whatever others
// lie between them. It stops before that if the next one is an event, or if over says
// that the operation is; one who sleeps executes none. It returns the addresses of those that it counted.
//
// A kill between two instructions looks the same to others as one at the event before.
// Stepping shows that; what only changes memory of the process itself, and takes another
// way each time, as an allocation does, need not be own.
func (t *Tracer) Step(instructions int, own func(pc uint64) bool, over func() bool) (done []uint64, err error) {
	for len(done) < instructions && !over() && !t.asleep {
		var r unix.PtraceRegs
		if err := t.registers(&r); err != nil {
			return done, err
		}
		if t.noticeableAhead(&r) {
			break
		}
		if event, err := t.step(); event || err != nil {
			return done, err
		}
		if pc := programCounter(&r); own(pc) {
			done = append(done, pc)
		}
	}
	return done, nil
}

// step executes one instruction, if it does not store behind a guard: then it tells so.
// Signals are delivered before it.
func (t *Tracer) step() (event bool, err error) {
	for {
		got, err := t.resume(unix.PTRACE_SINGLESTEP)
		if err != nil || got == stopStep {
			return false, err
		}
		if got != stopSignal || t.deliver != int(unix.SIGSEGV) {
			continue
		}
		addr, err := t.faultAddress()
		if err != nil {
			return false, err
		}
		if t.shared(addr) {
			t.deliver = 0 // whoever executes it comes here again
			return true, nil
		}
	}
}

// noticeableAhead tells whether the next instruction is a system call that others can
// notice.
func (t *Tracer) noticeableAhead(r *unix.PtraceRegs) bool {
	code := make([]byte, len(systemCall))
	if _, err := t.memory.ReadAt(code, int64(programCounter(r))); err != nil || !bytes.Equal(code, systemCall) {
		return false
	}
	return t.noticeable(nextCall(r), callArgument(r, 0), r)
}
