package journal

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Replay gives the snapshot, if there is one, to the first function, and then each record after
// it to the second one, in order. The slice is good until that returns. It takes away a record
// that was cut off at the end of the file. It is called once, before all but Close.
//
// It fails with what one of the functions returned, with a [*CorruptError], or if the file cannot
// be read; then what the functions were given is not the state, the file is as it was, and the
// log is good for Close only. What the snapshot function is given was checked before. Neither function may call the log.
//
// Killed in here, a process leaves the file as it was, or without the record that was cut off.
func (l *Log) Replay(snapshot func(r io.Reader) error, record func(index uint64, b []byte) error) error {
	l.compacting.Lock()
	defer l.compacting.Unlock()
	l.turn.Lock()
	defer l.turn.Unlock()
	l.mu.Lock()
	head, size, closed, again := l.head, l.end, l.closed, l.replayed
	l.mu.Unlock()
	switch {
	case closed:
		return fail("replay", l.path, ErrClosed)
	case again:
		panic("journal: a second Replay")
	}
	if err := l.replaySnapshot(&head, snapshot); err != nil {
		return fail("replay", l.path, err)
	}
	end, last, err := l.replayRecords(&head, size, record)
	if err == nil && l.sync {
		// Whoever wrote the last records may have been killed before it did this, and from
		// now on they are told of.
		err = l.file.Sync()
	}
	if err != nil {
		return fail("replay", l.path, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end, l.flushed, l.appended, l.replayed = end, last, last, true
	return nil
}

func (l *Log) replaySnapshot(head *header, snapshot func(r io.Reader) error) error {
	if head.compacted == 0 {
		return nil
	}
	sum := crc32.New(castagnoli)
	if _, err := io.Copy(sum, io.NewSectionReader(l.file, headerSize, head.start()-headerSize)); err != nil {
		return err
	}
	if sum.Sum32() != head.snapshot {
		return &CorruptError{l.path, headerSize, "the checksum of the snapshot is wrong"}
	}
	whole := io.NewSectionReader(l.file, headerSize, int64(head.length))
	if err := snapshot(bufio.NewReader(whole)); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// replayRecords tells where the records end, and the index of the last one.
func (l *Log) replayRecords(head *header, size int64, record func(uint64, []byte) error) (end int64, last uint64, err error) {
	s := newScan(l.file, l.path, head, size)
	for {
		b, err := s.record()
		switch {
		case err == io.EOF:
			return s.at, s.next - 1, nil
		case errors.Is(err, errNotWhole):
			if err := s.tail(); err != nil {
				return 0, 0, err
			}
			return s.at, s.next - 1, l.file.Truncate(s.at)
		case err != nil:
			return 0, 0, err
		}
		if err := record(s.next-1, b); err != nil {
			return 0, 0, fmt.Errorf("record %d: %w", s.next-1, err)
		}
	}
}
