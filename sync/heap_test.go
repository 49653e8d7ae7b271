package sync_test

import (
	"errors"
	"math"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/shmtest"
	"shmkit/internal/word"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	// Two may never meet in one run: the detector ends the process when they do.
	shmtest.Register("heap-broken", func(*shmtest.Child) {
		for range 200 {
			newDomain(true).run(4, 2000, 0)
		}
	})
}

// domain is a lock in memory of Go, where the race detector sees the payload and the
// word, and processes that are goroutines. One dies by telling so itself.
type domain struct {
	lock   layout.Mutex
	parts  [layout.MaxSlots]layout.Participant
	gone   [layout.MaxSlots]atomic.Bool // the byte of the slot is free
	slots  atomic.Uint32
	broken bool // who lives is taken for dead

	n int // guarded by lock
}

func newDomain(broken bool) *domain { return &domain{broken: broken} }

// actor is one process of a domain. It implements shsync.Object.
type actor struct {
	*domain
	slot uint32
}

// start gives a new process its slot. Slots are not used again.
func (d *domain) start() (*actor, *shsync.Mutex) {
	a := &actor{d, d.slots.Add(1) - 1}
	p := a.Stats()
	atomic.StoreUint32(&p.Generation, 1)
	atomic.StoreUint32(&p.Death, 1000+a.slot)
	return a, shsync.MutexIn(a, &d.lock, layout.Owner(a.slot, 1))
}

// die is what the kernel does when the process ends.
func (a *actor) die() {
	death := &a.Stats().Death
	atomic.StoreUint32(death, layout.DeathDied)
	park.Wake(death, 1)
	a.gone[a.slot].Store(true)
}

func (a *actor) Close() error                { return nil }
func (a *actor) Handle() (shm.Handle, error) { return shm.Handle{}, errors.ErrUnsupported }
func (a *actor) LockInfo() *shm.LockInfo     { return nil }
func (a *actor) Mutex() *layout.Mutex        { return &a.lock }
func (a *actor) Stats() *layout.Participant  { return &a.parts[a.slot] }

func (a *actor) Liveness(owner uint32, ask bool) shm.Life {
	slot := layout.OwnerSlot(owner)
	switch announced := atomic.LoadUint32(&a.parts[slot].Death) == layout.DeathDied; {
	case a.broken:
		return shm.Dead
	case slot == a.slot, !announced && !ask:
		return shm.Alive
	case a.gone[slot].Load():
		return shm.Dead
	case announced:
		return shm.Dying
	}
	return shm.Alive
}

func (a *actor) DeathWord(owner uint32) (addr *uint32, val uint32, ok bool) {
	slot := layout.OwnerSlot(owner)
	addr = &a.parts[slot].Death
	val = atomic.LoadUint32(addr)
	if slot == a.slot || val == layout.DeathDied {
		return nil, 0, false
	}
	return addr, val, true
}

func (a *actor) WakeMourners(owner uint32) {
	park.Wake(&a.parts[layout.OwnerSlot(owner)].Death, math.MaxInt32)
}

// SweepOwner is the sweep of the real thing, as far as the lock goes.
func (a *actor) SweepOwner(owner uint32) {
	for {
		w := atomic.LoadUint32(&a.lock.Word)
		move := word.MutexOrphan(w, owner)
		if move.Verdict == word.NotHeld {
			return
		}
		if atomic.CompareAndSwapUint32(&a.lock.Word, w, move.Next) {
			park.Wake(&a.lock.Word, move.Wake)
			return
		}
	}
}

// run has some processes add to n under the lock, so often each. Each dies mortal
// times with the lock held and is started anew, swept or not. It gives how often
// somebody was told of that.
func (d *domain) run(processes, times, mortal int) (told int) {
	var all sync.WaitGroup
	var deaths atomic.Int64
	for range processes {
		all.Go(func() {
			a, m := d.start()
			for i := range times {
				err := m.Lock()
				if errors.Is(err, shsync.ErrOwnerDied) {
					deaths.Add(1)
					m.MarkConsistent()
				}
				d.n++
				if i%4 == 0 {
					runtime.Gosched() // others come and wait
				}
				if mortal > 0 && i%(times/mortal) == 1 {
					old := layout.Owner(a.slot, 1)
					a.die()
					a, m = d.start()
					if i%2 == 0 {
						a.SweepOwner(old)
					}
					continue
				}
				m.Unlock()
			}
		})
	}
	all.Wait()
	return int(deaths.Load())
}

// The algorithm over memory that the race detector watches, without the hooks that
// tell it of locks: the payload is guarded, whoever dies.
func TestHeapMutex(t *testing.T) {
	watchdog(t)
	d := newDomain(false)
	const processes, times, mortal = 12, 600, 8
	told := d.run(processes, times, mortal)
	_, m := d.start()
	err := m.Lock()
	if errors.Is(err, shsync.ErrOwnerDied) {
		told++
	}
	if d.n != processes*times {
		t.Errorf("counted %d of %d", d.n, processes*times)
	}
	if told != processes*mortal {
		t.Errorf("%d deaths inside, told %d times", processes*mortal, told)
	}
}

// Goroutines of one process: nobody dies, and one may unlock what another locked.
func TestHeapMutexOneProcess(t *testing.T) {
	watchdog(t)
	d := newDomain(false)
	_, m := d.start()
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for range 200 {
				must(t, m.Lock())
				d.n++
				must(t, m.Unlock())
			}
		})
	}
	all.Wait()
	if d.n != 32*200 {
		t.Errorf("counted %d", d.n)
	}
}

// The test of the test: with a lock that takes the living for dead, the detector
// reports the payload.
func TestHeapMutexBroken(t *testing.T) {
	shmtest.Need("heap-broken")
	if !race.Enabled {
		t.Skip("needs the race detector: go test -race")
	}
	watchdog(t)
	var report strings.Builder
	p := shmtest.StartWith(t, func(cmd *exec.Cmd) {
		cmd.Stderr = &report
		cmd.Env = append(cmd.Environ(), "GORACE=halt_on_error=1")
	}, "heap-broken")
	for _, ok := p.Next(); ok; _, ok = p.Next() {
	}
	p.Cmd.Wait()
	if !strings.Contains(report.String(), "DATA RACE") || !strings.Contains(report.String(), "domain).run") {
		t.Errorf("the detector saw nothing: %q", report.String())
	}
}

// mourner counts how often it tells others of a death.
type mourner struct {
	*actor
	told atomic.Int64
}

func (m *mourner) WakeMourners(owner uint32) {
	m.told.Add(1)
	m.actor.WakeMourners(owner)
}

// A process dies, its lock comes to another one, and its slot as well, while
// somebody still sleeps on its death word. The kernel's one wake-up for the next
// death in that slot may come to that sleeper, who passes it on.
func TestMournerOfAnother(t *testing.T) {
	watchdog(t)
	d := newDomain(false)
	first, m := d.start()
	_, heir := d.start()
	third, _ := d.start()
	waiter := &mourner{actor: third}
	must(t, m.Lock())
	got := make(chan error)
	go func() { got <- shsync.MutexIn(waiter, &d.lock, layout.Owner(third.slot, 1)).Lock() }()
	asleep(1)
	atomic.StoreUint32(&d.lock.Word, layout.Owner(1, 1)|layout.MutexWaiters)
	atomic.StoreUint32(&first.Stats().Death, 2000) // of the next one in the slot
	must(t, heir.Unlock())
	must(t, <-got)
	if waiter.told.Load() == 0 {
		t.Error("nobody else was told")
	}
}
