package ring

import (
	"fmt"

	"shmkit/internal/layout"
)

// SizeError tells how long a record or message is, and how long one may be. Is [ErrSize]. It
// is plain data of one process, which dies with it.
type SizeError struct {
	Size, Max int
	Fix       string // how one of that size would fit, for people; or empty
}

func (e *SizeError) Error() string {
	text := fmt.Sprintf("%v: %d bytes, at most %d", ErrSize, e.Size, e.Max)
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// Is makes errors.Is(err, ErrSize) true.
func (e *SizeError) Is(target error) bool { return target == ErrSize }

// tooLong is what a message of n bytes gives.
func (c *core) tooLong(n int) error {
	e := &SizeError{Size: n, Max: int(c.most)}
	block := (uint64(n)-1)/c.slots + 1
	if block <= largestBlock {
		e.Fix = fmt.Sprintf("make the queue with BlockSize(%d)", block)
	}
	if slots := (uint64(n)-1)/max(c.size, 1) + 1; slots <= layout.MaxBlocks-inFlight {
		if e.Fix == "" {
			e.Fix = "make the queue with"
		} else {
			e.Fix += ", or"
		}
		e.Fix += fmt.Sprintf(" a capacity of %d and BlockSize(%d)", slots, c.size)
	}
	return e
}

// recordTooLong is what a record of n bytes gives where it may have most.
func recordTooLong(n, most int) error {
	e := &SizeError{Size: n, Max: most}
	if n > most && n <= MaxRecords/2-layout.RecordHead {
		e.Fix = fmt.Sprintf("make the stream with %d bytes", 2*(n+layout.RecordHead))
	}
	return e
}
