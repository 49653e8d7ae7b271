package journal

import (
	"errors"
	"os"
	"sync"
)

// errNoReplay is what Append and Compact panic with.
const errNoReplay = "journal: the log is used before Replay"

// Log is the file of one writer. Use [Open]. It must not be copied.
//
// Flush, Size, Compact and Close may be called by any goroutines at once, and while Append is;
// two calls of Append may not be in progress together, or nobody knows which record was the
// first. Another process cannot open the log before this one closes it or dies. When it dies,
// at any instruction, the next one to open the log finds all that Flush returned for.
//
// A record is first in the batch that is pending, in memory:
//
//	batch    led    who waits          becomes
//	pending  false  nobody             led, by the first Flush that wants a record of it
//	pending  true   its leader for     written, when the leader has the turn
//	                the turn, others
//	                for the leader
//	writing  true   others for the     flushed: its records are in the file; or failed, and so
//	                leader             is the log: no later batch is written
//
// Whoever has the turn alone writes to the file. So there are at most two batches, and while one
// is written the other grows.
type Log struct {
	path string
	max  int
	sync bool

	compacting sync.Mutex // held by Compact and Close from begin to end

	// turn is the right to write to file. A goroutine that has it waits for nothing but the
	// disk.
	turn sync.Mutex
	file *os.File // another one only by who has compacting and turn

	// mu is never held during a system call.
	mu       sync.Mutex
	head     header // of file
	end      int64  // of the records in file; what is behind it was not written as a whole
	flushed  uint64 // index of the last record in file
	appended uint64 // index of the last record at all
	pending  *batch // flushed or writing.last+1 … appended
	writing  *batch // or nil
	spare    []byte // for the batch after the next write
	replayed bool
	closed   bool
	failed   error // why nothing is written any more
}

// batch is the records of one write.
type batch struct {
	bytes []byte
	last  uint64 // index of the last one
	led   bool   // somebody is going to write it
	done  chan struct{}
	err   error // once done is closed
}

// keep is how large the buffer of a batch may be to be used again.
const keep = 1 << 20

// Append adds a record to those that are not in the file yet, and tells its index: one more
// than that of the record before, from 1. It copies b, and makes no system call. It fails with
// [ErrSize], with [ErrClosed], or with what made an earlier write fail; then the record is not
// part of the log.
//
// Preconditions:
//   - Replay has succeeded
//   - no other Append is in progress: the caller has a lock
func (l *Log) Append(b []byte) (index uint64, err error) {
	if len(b) == 0 || len(b) > l.max {
		return 0, fail("append to", l.path, ErrSize)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readyLocked(); err != nil {
		return 0, err
	}
	flags := uint32(0)
	if l.sync && len(l.pending.bytes) > 0 {
		flags = joined
	}
	l.appended++
	l.pending.last = l.appended
	l.pending.bytes = appendRecord(l.pending.bytes, l.head.salt, l.appended, flags, b)
	return l.appended, nil
}

// readyLocked tells why nothing more can be appended.
func (l *Log) readyLocked() error {
	switch {
	case l.closed:
		return fail("use", l.path, ErrClosed)
	case !l.replayed:
		panic(errNoReplay)
	}
	return l.failed
}

// Flush returns when the record, and all before it, are in the file; with [Sync], on the disk. It
// is for many goroutines at once, outside the lock of the writer: one writes what all of them
// have appended, and the others wait for that. It fails with what made a write fail, of this
// record or of an earlier one; then the record may or may not be replayed.
//
// Preconditions:
//   - index is what Append, or the function that Replay calls, was told
func (l *Log) Flush(index uint64) error {
	l.mu.Lock()
	b := l.pending
	switch {
	case index > l.appended:
		l.mu.Unlock()
		panic("journal: Flush of a record that was not appended")
	case index <= l.flushed:
		l.mu.Unlock()
		return nil
	case l.failed != nil:
		defer l.mu.Unlock()
		return l.failed
	case l.writing != nil && index <= l.writing.last:
		b = l.writing
	}
	if b.led {
		if b.done == nil {
			b.done = make(chan struct{})
		}
		l.mu.Unlock()
		<-b.done
		return b.err
	}
	b.led = true // this passes the batch to the caller
	l.mu.Unlock()

	l.turn.Lock()
	defer l.turn.Unlock()
	l.write(b)
	return b.err
}

// write puts the batch that is pending into the file. The caller has the turn.
func (l *Log) write(b *batch) {
	l.mu.Lock()
	l.pending = &batch{bytes: l.spare} // from here on nobody appends to b
	l.spare = nil
	l.writing = b
	end, err := l.end, l.failed
	l.mu.Unlock()

	if err == nil {
		err = l.writeAt(b.bytes, end)
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.writing = nil
	if err == nil {
		l.end += int64(len(b.bytes))
		l.flushed = b.last
		if cap(b.bytes) <= keep {
			l.spare = b.bytes[:0]
		}
	} else {
		l.failed = err
	}
	b.bytes, b.err = nil, err
	if b.done != nil {
		close(b.done) // this tells the followers b.err
	}
}

// writeAt writes whole records at end. If it fails it takes away what it wrote, as far as the
// kernel lets it: if not, Replay does.
func (l *Log) writeAt(b []byte, end int64) error {
	_, err := l.file.WriteAt(b, end)
	what := "write"
	if err == nil && l.sync {
		// If it fails, nobody knows what is on the disk, and the next call may well succeed
		// without it. So the log has failed, whatever a second try would say.
		what, err = "sync", l.file.Sync()
	}
	if err != nil {
		l.file.Truncate(end)
	}
	return fail(what, l.path, err)
}

// Size is the number of bytes that the records since the last snapshot take, for who decides when
// to compact.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := l.end - l.head.start() + int64(len(l.pending.bytes))
	if l.writing != nil {
		size += int64(len(l.writing.bytes))
	}
	return size
}

// Close writes what was appended and gives the file to whoever opens it next. It waits for a
// Compact that is in progress. A second Close does nothing.
func (l *Log) Close() error {
	l.compacting.Lock()
	defer l.compacting.Unlock()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	last := l.appended
	l.mu.Unlock()
	err := l.Flush(last)
	l.turn.Lock()
	defer l.turn.Unlock()
	return errors.Join(err, fail("close", l.path, l.file.Close()))
}
