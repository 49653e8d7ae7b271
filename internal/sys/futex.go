package sys

import "errors"

// MaxWords is the number of words that FutexWait can wait on.
const MaxWords = 128

// Word is a 32-bit word in shared memory and the value that it has as long as
// there is a reason to sleep.
type Word struct {
	Addr *uint32
	Val  uint32
}

// Why FutexWait returned without a word that was woken.
var (
	ErrTimeout     = errors.New("sys: futex wait timed out")
	ErrAgain       = errors.New("sys: futex word has another value")
	ErrInterrupted = errors.New("sys: futex wait interrupted")
)
