package park

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shmkit/internal/sys"
)

const (
	// A sleep of a hub thread is bounded by firstTick, and by twice as long each
	// time nothing happened, up to idleTick for each hub thread that there is, and
	// lastTick. So all of them together look some four times a second at rest, as
	// often as one sleeper on a thread of its own. Each look compares every word with
	// its value, which finds changes that nobody announced: whoever made one was
	// killed or stopped before it could, or had the wake-up and was killed.
	firstTick = firstSlice
	idleTick  = lastSlice
	lastTick  = 8 * time.Second
	// recheckAfter is when a sleeper of the hub is sent to ask the kernel.
	recheckAfter = 8 * time.Second
	// bankWords is how many distinct words one hub thread takes; one entry of the
	// kernel's 128 is its control word.
	bankWords = sys.MaxWords - 1
	// partWords is how many words a sleeper has at most: it needs them all in one bank.
	// A sleep on more has several sleepers.
	partWords = 32
)

// hub multiplexes the sleepers of this process that have no thread of their own.
//
// Laws:
//   - A kernel wake-up on a word, or a word that has changed, is passed to one
//     sleeper of it, who leaves the hub. If the word has still (another) value
//     then, the next turn passes it to the next one. So a wake-up for one wakes
//     one, and a changed word wakes all, one after the other.
//   - A wake-up whose sleepers have all left goes back to the kernel.
//   - Whoever leaves the hub looks at the shared state before it sleeps again, or
//     its Loop ends with an error and the caller passes the wake-up on.
//   - A sleeper is in the maps and has sent nothing, or it is in none and its channel
//     has got the one reason why; both change together under mu. The channel has room
//     for those of all sleepers of a sleep.
var hub = &hubs{}

type hubs struct {
	// mu guards everything below and in the banks. It is never held over a wait.
	mu       sync.Mutex
	banks    []*bank
	sleepers int
}

// bank is the set of words of one hub thread.
type bank struct {
	control uint32 // futex: changes when words are added
	entries map[sys.Word][]*sleeper
	asleep  bool // in FutexWait, or about to be
}

type sleeper struct {
	words []sys.Word
	few   [fewWords]sys.Word // of words, if they are few
	bank  *bank              // nil once it has left
	since time.Time          // for recheckAfter
	woken chan bool          // the value is recheck
}

// sleep is one sleep of a goroutine through the hub.
func (h *hubs) sleep(ctx context.Context, r *Round) (recheck bool) {
	parts := (len(r.words) + partWords - 1) / partWords
	woken, now := make(chan bool, parts), time.Now()
	for part := range slices.Chunk(r.words, partWords) {
		s := &sleeper{since: now, woken: woken}
		s.words = append(s.few[:0], part...)
		h.join(s)
		defer h.leave(s) // others may be woken already, or for something else
	}
	var bound <-chan time.Time
	if r.within > 0 {
		t := time.NewTimer(r.within)
		defer t.Stop()
		bound = t.C
	}
	select {
	case recheck = <-woken:
	case <-ctx.Done():
	case <-bound:
		recheck = true
	}
	return recheck
}

// join puts s into a bank and makes its thread look again.
func (h *hubs) join(s *sleeper) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.place(s)
	s.bank = b
	h.sleepers++
	for _, w := range s.words {
		b.entries[w] = append(b.entries[w], s)
	}
	if b.asleep {
		b.asleep = false
		atomic.AddUint32(&b.control, 1)
		sys.FutexWake(&b.control, 1)
	}
}

// place finds the bank that needs the fewest new words, among those with room, or
// starts one. Requires mu.
func (h *hubs) place(s *sleeper) *bank {
	var best *bank
	least := partWords + 1
	for _, b := range h.banks {
		fresh := 0
		for _, w := range s.words {
			if b.entries[w] == nil {
				fresh++
			}
		}
		if len(b.entries)+fresh <= bankWords && fresh < least {
			if best, least = b, fresh; fresh == 0 {
				break
			}
		}
	}
	if best == nil {
		best = &bank{entries: map[sys.Word][]*sleeper{}}
		h.banks = append(h.banks, best)
		go h.run(best)
	}
	return best
}

// leave takes s out. Requires that mu is free.
func (h *hubs) leave(s *sleeper) {
	h.mu.Lock()
	h.remove(s)
	h.mu.Unlock()
}

// remove takes s out of its bank, if it is in one. Requires mu.
func (h *hubs) remove(s *sleeper) bool {
	b := s.bank
	if b == nil {
		return false
	}
	s.bank = nil
	h.sleepers--
	for _, w := range s.words {
		list := b.entries[w]
		for i, other := range list {
			if other == s {
				list = append(list[:i], list[i+1:]...)
				break
			}
		}
		if len(list) == 0 {
			delete(b.entries, w)
		} else {
			b.entries[w] = list
		}
	}
	return true
}

// run is a hub thread: it sleeps on all words of b. It ends when b is empty.
func (h *hubs) run(b *bank) {
	words := make([]sys.Word, 0, sys.MaxWords)
	next := time.Now().Add(recheckAfter)
	tick := firstTick
	more := false // some word had changed: others of its sleepers wait for the next turn
	for {
		if words = h.snapshot(b, words[:0]); words == nil {
			return
		}
		bound := tick
		if more {
			bound = 0
		}
		woken, err := sys.FutexWait(words, bound)
		h.mu.Lock()
		if tick = min(2*tick, idleTick*time.Duration(len(h.banks)), lastTick); !errors.Is(err, sys.ErrTimeout) {
			tick = firstTick
		}
		b.asleep, more = false, false
		if woken > 0 {
			h.handBack(b, words[1:woken+1])
			h.wakeOne(b, words[woken])
		} else if err != nil {
			more = h.wakeChanged(b, words[1:])
		}
		if now := time.Now(); now.After(next) {
			h.wakeOld(b, now)
			next = now.Add(recheckAfter / 8)
		}
		h.mu.Unlock()
	}
}

// snapshot lists the control word and all words of b, and declares the thread
// asleep; or it ends b if there is nobody in it.
func (h *hubs) snapshot(b *bank, words []sys.Word) []sys.Word {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(b.entries) == 0 {
		for i, other := range h.banks {
			if other == b {
				h.banks = append(h.banks[:i], h.banks[i+1:]...)
				break
			}
		}
		return nil
	}
	b.asleep = true
	words = append(words, sys.Word{Addr: &b.control, Val: atomic.LoadUint32(&b.control)})
	for w := range b.entries {
		words = append(words, w)
	}
	return words
}

// wakeOne passes a wake-up on w to the sleeper who waits longest. Requires mu.
func (h *hubs) wakeOne(b *bank, w sys.Word) {
	if list := b.entries[w]; len(list) > 0 {
		s := list[0]
		h.remove(s)
		s.woken <- false
	}
}

// handBack gives wake-ups that came for nobody back to the kernel: the sleepers of
// the word have left, and another process may need them. words are those that the
// kernel may have woken; it tells of the last one only. Requires mu.
func (h *hubs) handBack(b *bank, words []sys.Word) {
	for _, w := range words {
		if b.entries[w] == nil {
			sys.FutexWake(w.Addr, 1)
		}
	}
}

// wakeChanged wakes one sleeper of each word that no longer has its value, and
// tells whether there was one. It looks only at words that still have one: where the last sleeper has left, the
// memory may be unmapped by now. Requires mu.
func (h *hubs) wakeChanged(b *bank, words []sys.Word) (any bool) {
	for _, w := range words {
		if b.entries[w] != nil && atomic.LoadUint32(w.Addr) != w.Val {
			h.wakeOne(b, w)
			any = true
		}
	}
	return any
}

// rouse makes every sleeper on addr leave the hub.
func (h *hubs) rouse(addr *uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.banks {
		for w, list := range b.entries {
			if w.Addr != addr {
				continue
			}
			for _, s := range slices.Clone(list) {
				h.remove(s)
				s.woken <- false
			}
		}
	}
}

// wakeOld sends those who have slept long to ask the kernel. Requires mu.
func (h *hubs) wakeOld(b *bank, now time.Time) {
	var old []*sleeper
	for _, list := range b.entries {
		for _, s := range list {
			if now.Sub(s.since) > recheckAfter {
				old = append(old, s)
			}
		}
	}
	for _, s := range old {
		if h.remove(s) {
			s.woken <- true
		}
	}
}
