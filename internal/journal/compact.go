package journal

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// Compact puts a snapshot of the state in the place of the records up to and including index, of
// which it has the effects. It writes a new file, beside the log, that has the records after
// index too, and gives that the name of the log. Append and Flush may go on meanwhile: only at the end
// Flush waits, until what was written in the meantime is copied. The function gets no lock; what
// it writes must be the state as it was at index. It must not call Compact or Close.
//
// If it fails, with an error of the function or of the new file, the log is as it was and may be
// used. If a snapshot of a later record is in place it does nothing.
//
// Killed in here, a process leaves the log as it was, or with the snapshot: each has all records
// that were flushed. The next Open removes the file that is not the log.
//
// Preconditions:
//   - Replay has succeeded
//   - a record with that index was appended, or replayed, or it is 0
func (l *Log) Compact(index uint64, snapshot func(w io.Writer) error) error {
	l.compacting.Lock()
	defer l.compacting.Unlock()
	head, err := l.begin(index)
	if err != nil {
		return err
	}
	if index < head.index {
		return nil
	}
	// The snapshot has the effects of all these, and may be all that is left of them.
	if err := l.Flush(index); err != nil {
		return err
	}
	next, err := l.newSuccessor(head, index)
	if err != nil {
		return fail("compact", l.path, err)
	}
	defer next.discard() // nothing any more if it has become the log
	if err = next.writeSnapshot(snapshot); err == nil {
		err = next.copyRecords()
	}
	if err == nil {
		err = l.replace(next)
	}
	return fail("compact", l.path, err)
}

// begin checks that a snapshot at index can be made, and gives the header that it replaces.
func (l *Log) begin(index uint64) (header, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readyLocked(); err != nil {
		return header{}, err
	}
	if index > l.appended {
		panic("journal: Compact up to a record that was not appended")
	}
	return l.head, nil
}

// successor is the file that is going to be the log.
type successor struct {
	log    *Log
	file   *os.File
	head   header
	end    int64 // of what is in file
	copied int64 // up to where the old file was copied, once from is known
	placed bool  // it is the log
}

// newSuccessor makes a file with the lock that the log must have from its first instant.
func (l *Log) newSuccessor(old header, index uint64) (*successor, error) {
	if err := l.placed(); err != nil {
		return nil, err
	}
	os.Remove(l.path + suffix) // if discard could not
	f, err := os.OpenFile(l.path+suffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	n := &successor{log: l, file: f}
	n.head = header{compacted: old.compacted + 1, index: index, salt: old.salt}
	if err := lock(f); err != nil {
		n.discard()
		return nil, err
	}
	return n, nil
}

// placed tells whether the log still has its name: if not, whatever is at the path is somebody
// else's.
func (l *Log) placed() error {
	ok, err := isAt(l.file, l.path)
	if err == nil && !ok {
		err = ErrMoved
	}
	return err
}

// discard removes the file, unless it is the log.
func (n *successor) discard() {
	if !n.placed {
		os.Remove(n.log.path + suffix)
		n.file.Close()
	}
}

// writeSnapshot writes what the function says, and then the header that tells of it.
func (n *successor) writeSnapshot(snapshot func(w io.Writer) error) error {
	if _, err := n.file.Seek(headerSize, io.SeekStart); err != nil {
		return err
	}
	out := bufio.NewWriterSize(n.file, 256<<10)
	sum := crc32.New(castagnoli)
	var length counter
	if err := snapshot(io.MultiWriter(out, sum, &length)); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	var zeros [alignTo8]byte
	io.MultiWriter(out, sum).Write(zeros[:aligned(uint64(length))-uint64(length)]) // Flush tells
	if err := out.Flush(); err != nil {
		return err
	}
	n.head.length, n.head.snapshot = uint64(length), sum.Sum32()
	_, err := n.file.WriteAt(n.head.encode(), 0)
	n.end = n.head.start()
	return err
}

// counter counts what is written to it.
type counter uint64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// rounds is how often Compact runs after those who flush before it makes them wait.
const rounds = 4

// copyRecords copies what the log has now after the snapshot. Most of it is copied here, while
// others flush, and is on the disk before replace makes them wait.
func (n *successor) copyRecords() error {
	l := n.log
	l.mu.Lock()
	head, end, flushed := l.head, l.end, l.flushed
	l.mu.Unlock()
	n.copied = end
	if flushed > n.head.index {
		s := newScan(l.file, l.path, &head, end)
		for s.next <= n.head.index {
			if _, err := s.record(); err != nil {
				return l.damaged(s, err)
			}
		}
		n.copied = s.at
	}
	for range rounds {
		if err := n.copyUpTo(end); err != nil {
			return err
		}
		if err := n.file.Sync(); err != nil {
			return err
		}
		l.mu.Lock()
		end = l.end
		l.mu.Unlock()
		if end-n.copied < piece {
			break
		}
	}
	return nil
}

// damaged makes an error of what a scan of flushed records found: all of them were whole.
func (l *Log) damaged(s *scan, err error) error {
	if err == io.EOF || err == errNotWhole {
		err = s.corrupt("a record that was flushed is not whole")
	}
	return err
}

// copyUpTo copies the bytes of the log from copied on.
func (n *successor) copyUpTo(end int64) error {
	from := io.NewSectionReader(n.log.file, n.copied, end-n.copied)
	k, err := io.Copy(io.NewOffsetWriter(n.file, n.end), from)
	n.copied += k
	n.end += k
	if err == nil && n.copied < end {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// replace makes the new file the log.
func (l *Log) replace(n *successor) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.mu.Lock()
	end, failed := l.end, l.failed
	l.mu.Unlock()
	if failed != nil {
		return failed
	}
	late := end > n.copied
	if err := n.copyUpTo(end); err != nil {
		return err
	}
	if late && l.sync {
		if err := n.file.Sync(); err != nil {
			return err
		}
	}
	if err := l.placed(); err != nil {
		return err
	}
	if err := os.Rename(l.path+suffix, l.path); err != nil {
		return err
	}
	// Whoever opens the path from here on gets the new file, and finds it locked. Whoever has
	// opened the old one and gets its lock finds that it has no name any more.
	n.placed = true
	l.file.Close()
	l.file = n.file
	var err error
	if l.sync {
		err = fail("sync", l.path, syncDir(l.path))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head, l.end = n.head, n.end
	// The disk may keep the old file under that name, and new records would not be in it.
	l.failed = err
	return err
}
