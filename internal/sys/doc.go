// Package sys makes the system calls of the module, and nothing else does.
//
// The model: thin functions over the kernel, each with the one way in which this
// module uses it. Futexes are always shared between processes. Locks are OFD
// locks, which belong to a descriptor and not to a process, so that closing
// another descriptor of the file does not drop them.
//
// Guarantees: EINTR is retried where a call may be repeated. A wait hands its
// processor back to the Go scheduler; a wake does not bother it.
//
// What it does not do: it decides nothing. On systems other than Linux every
// function fails with errors.ErrUnsupported, or does nothing if it has no error.
//
//	ok, err := sys.TryLock(fd, layout.LockSlots+3, 1) // own slot 3?
package sys
