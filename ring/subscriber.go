package ring

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"shmkit/internal/race"
	"shmkit/shm"
)

// LappedError tells how many messages a subscriber has missed. Is [ErrLapped]. It is plain
// data of one process, which dies with it.
type LappedError struct{ Missed uint64 }

func (e *LappedError) Error() string { return fmt.Sprintf("%v: %d missed", ErrLapped, e.Missed) }

// Is makes errors.Is(err, ErrLapped) true.
func (e *LappedError) Is(target error) bool { return target == ErrLapped }

// Subscriber reads the messages of a [Broadcast], each once, in order. It is used by one
// goroutine at a time and must not be copied. It is private to its process: nobody waits for
// it, and nothing is left of it if the process dies.
type Subscriber[T any] struct {
	end
	slots slots
	next  uint64 // message to read next
	at    uint64 // next, for watchers: they are other goroutines
	item  scratch[T]
}

// Get gives the next message, and waits for it as long as it takes. Errors: *[LappedError] if
// it was overwritten; the next Get goes on with the oldest that is still there. When nothing is
// left: [ErrClosed]; [ErrPeerDied] if the process of the publisher died, until another one
// publishes. *shm.CorruptError; [ErrDetached].
func (s *Subscriber[T]) Get() (T, error) { return s.GetContext(context.Background()) }

// GetContext is Get that gives up when ctx ends: it then returns the cause of ctx. If there is
// a message ctx is not looked at.
func (s *Subscriber[T]) GetContext(ctx context.Context) (v T, err error) {
	err = s.read()
	if err == ErrEmpty {
		if err = s.await(ctx); err == nil {
			err = s.read()
		}
	}
	if err == nil {
		v = *s.item.as()
	}
	return v, err
}

// TryGet is Get that does not wait: [ErrEmpty] if there is nothing new.
func (s *Subscriber[T]) TryGet() (v T, err error) {
	err = s.read()
	if err == ErrEmpty {
		if err = s.lone(); err == nil {
			err = s.read()
		}
	}
	if err == nil {
		v = *s.item.as()
	}
	return v, err
}

// Rewind makes the oldest message that is there the next one, and tells how many there are
// up to the newest. It is 0 after Detach.
func (s *Subscriber[T]) Rewind() uint64 {
	if s.detached {
		return 0
	}
	tail := atomic.LoadUint64(&s.slots.head.Tail)
	s.move(tail - min(tail, s.slots.n))
	return tail - s.next
}

// Behind is how many messages were published that this subscriber has not read.
func (s *Subscriber[T]) Behind() uint64 {
	if s.detached {
		return 0
	}
	tail := atomic.LoadUint64(&s.slots.head.Tail)
	return max(tail, s.next) - s.next
}

// Detach ends the use of the ring by this subscriber. A second Detach gives
// [ErrDetached].
func (s *Subscriber[T]) Detach() error { return s.leave() }

// read copies the next message, if it is there. What it copies beside a publisher that
// writes may be anything; the word tells.
func (s *Subscriber[T]) read() error {
	if s.detached {
		return ErrDetached
	}
	if len(s.item.words) == 0 {
		s.item.words = make([]uint64, s.slots.stride) // a word more than needed: never empty
	}
	slot := s.slots.slot(s.next)
	if word := 2*s.next + 2; atomic.LoadUint64(&slot[0]) == word { // sync: message broadcast
		for i := range slot[1:] {
			s.item.words[i] = atomic.LoadUint64(&slot[1+i])
		}
		if atomic.LoadUint64(&slot[0]) == word { // sync: message broadcast
			s.move(s.next + 1)
			if race.Enabled {
				s.acquired()
			}
			runtime.KeepAlive(s)
			return nil
		}
	}
	return s.missing(slot)
}

func (s *Subscriber[T]) move(next uint64) {
	s.next = next
	release(&s.at, next) // sync: subscriber
}

// news tells whether read has something to tell, to a watcher.
func (s *Subscriber[T]) news() bool {
	next := atomic.LoadUint64(&s.at)                                           // sync: subscriber
	return !s.slots.unwritten(next, atomic.LoadUint64(&s.slots.slot(next)[0])) // sync: message broadcast
}

// there tells whether read has something to do, or to tell.
func (s *Subscriber[T]) there() error {
	if s.detached {
		return ErrDetached
	}
	closing := atomic.LoadUint32(s.closing) // sync: stream closing. Before the slot: what came before it counts.
	slot := s.slots.slot(s.next)
	if atomic.LoadUint64(&slot[0]) == 2*s.next+2 { // sync: message broadcast
		return nil
	}
	if err := s.missing(slot); err != ErrEmpty || closing == 0 {
		return err
	}
	return ErrClosed
}

// missing is why the next message is not in its slot, and goes on to another one if that
// is so because it was overwritten.
func (s *Subscriber[T]) missing(slot []uint64) error {
	n := s.slots.n
	word := atomic.LoadUint64(&slot[0]) // sync: message broadcast
	t := (word - 1) / 2                 // message that is there, or is being written
	switch {
	case s.slots.unwritten(s.next, word):
		return ErrEmpty
	case word == 2*s.next+2:
		return ErrEmpty // only now: look again
	case word == 0 || t < s.next || t&(n-1) != s.next&(n-1):
		return &shm.CorruptError{Field: "broadcast.slot", Value: word}
	}
	tail := max(atomic.LoadUint64(&s.slots.head.Tail), t+1)
	missed := tail - n - s.next
	s.move(tail - n)
	return &LappedError{missed}
}
