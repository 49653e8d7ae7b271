//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

// operations are all that a process may be killed in. A new primitive adds a table.
func operations() []operation { return table }

var table []operation

func init() {
	table = slices.Concat(mutexOperations, hungerOperations, valueOperations, arrayOperations, objectOperations, segmentOperations,
		rwmutexOperations, recursiveOperations, onceOperations, waitgroupOperations, semaphoreOperations, permitsOperations,
		condOperations, rendezvousOperations, queueOperations, joinableOperations, chainOperations, spscOperations,
		recordsOperations, broadcastOperations, pipeOperations, severalOperations, cOperations, fault())
}

// warm does everything once, elsewhere, so that what is traced is the operation
// and not the runtime's first encounter with it.
func (v *victim) warm() {
	seg, err := shm.Create(filepath.Join(v.dir, "warm"), shm.WithSize(4096))
	v.Must(err)
	var mine cast
	v.Must(mine.create(seg))
	for _, name := range []string{"", "named", "large"} {
		o, err := seg.NewObject(name, bytesSpec(uint64(len(name))<<14), nil)
		v.Must(err)
		v.Must(o.Close())
	}
	v.Must(seg.RemoveObject("named"))
	if err := seg.RemoveObject("named"); !errors.Is(err, shm.ErrNotFound) {
		v.Must(err)
	}
	mine.value.Store(uniform(mine.value.Load()[0]))
	mine.count.Store(mine.count.Add(1))
	mine.items.Set(1, mine.items.AddAt(1, 1))
	v.Must(mine.items.With(func([]uint64, bool) error { return nil }))
	text, err := mine.other.MarshalText()
	v.Must(err)
	again := new(shsync.Mutex)
	v.Must(errors.Join(again.UnmarshalText(text), again.Close()))
	v.Must(errors.Join(mine.lock.Lock(), mine.lock.Unlock()))
	v.Must(mine.guests.each(func(_ string, g guest) error { return g.warm() }))
	v.Must(errors.Join(mine.close(), shm.Remove(seg.Path()), seg.Close()))
}

// attach opens segment and cast of the scene.
func (v *victim) attach() *shm.Segment {
	seg, err := v.enter(v.dir)
	v.Must(err)
	return seg
}

// must makes f an operation that has to succeed.
func (v *victim) must(f func() error) func() {
	return func() {
		if err := f(); err != nil {
			v.Must(err)
		}
	}
}

// opened is an operation on the cast.
func opened(f func(v *victim, seg *shm.Segment) func() error) func(*victim) func() {
	return func(v *victim) func() { return v.must(f(v, v.attach())) }
}

// locked is an operation of one who holds the lock.
func locked(f func(v *victim) error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error {
		_, err := take(v.lock)
		v.Must(err)
		return func() error { return f(v) }
	})
}

// lost makes it no error that the last holder died.
func lost(err error) error {
	if errors.Is(err, shsync.ErrOwnerDied) {
		return nil
	}
	return err
}

// residentHolds has the resident take the lock, and give it back when the victim
// sleeps. Nobody has waited for this holder yet, whomever others have waited for.
func residentHolds(s *scene) {
	s.ask(s.resident, "lock", "staging")
	o, err := openLock(s.seg)
	must(s.t, err)
	atomic.StoreUint32(&o.Mutex().SeenOwner, 0)
	must(s.t, o.Close())
}

// openLock opens the lock of the scene as memory.
func openLock(seg *shm.Segment) (*shm.Object, error) {
	return seg.OpenObject("lock", shm.Spec{Kind: shm.KindMutex, Mutex: true})
}

func residentGives(s *scene) { s.ask(s.resident, "give", "rousing") }

// residentWants has the resident wait for the lock, which the victim has.
func residentWants(s *scene) {
	residentAwaits("want", func(s *scene) bool { return s.lock.Info().Waiters })(s)
}

func residentGot(s *scene) { s.ask(s.resident, "got", "rousing") }

func cancels(s *scene) { s.phase.cancel() }

func corpseHolds(s *scene) { s.corpse("lock") }

var lockShows = []string{"lock"}

var mutexOperations = []operation{
	{name: "mutex.Lock", brief: true, shows: lockShows,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error { return v.lock.Lock })},
	{name: "mutex.Unlock", brief: true, shows: lockShows,
		prepare: locked(func(v *victim) error { return v.lock.Unlock() })},
	{name: "mutex.TryLock", brief: true, shows: lockShows,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			return func() error { _, err := v.lock.TryLock(); return err }
		})},
	{name: "mutex.Lock that waits", shows: lockShows, stage: residentHolds, rouse: residentGives,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error { return v.lock.Lock })},
	{name: "mutex.LockContext that is cancelled", shows: lockShows, stage: residentHolds, rouse: cancels,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			ctx := v.context()
			return func() error {
				if err := v.lock.LockContext(ctx); !errors.Is(err, context.Canceled) {
					return fmt.Errorf("LockContext: %w", err)
				}
				return nil
			}
		})},
	{name: "mutex.Unlock that wakes", shows: lockShows, meanwhile: residentWants, rouse: residentGot,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			_, err := take(v.lock)
			v.Must(err)
			v.wait()
			return v.lock.Unlock
		})},
	{name: "mutex.Lock that takes over", shows: lockShows, meanwhile: corpseHolds,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			v.wait()
			return func() error { return lost(v.lock.Lock()) }
		})},
	{name: "mutex.TryLock that takes over", shows: lockShows, meanwhile: corpseHolds,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			v.wait()
			return func() error { _, err := v.lock.TryLock(); return lost(err) }
		})},
	{name: "mutex.Lock of an orphan", shows: lockShows, stage: corpseHolds,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			return func() error { return lost(v.lock.Lock()) }
		})},
	{name: "mutex.MarkConsistent", brief: true, shows: lockShows, stage: corpseHolds,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			v.Must(lost(v.lock.Lock()))
			return v.lock.MarkConsistent
		})},
	{name: "mutex.Close of a held lock", shows: lockShows,
		prepare: locked(func(v *victim) error { return v.lock.Close() })},
}

// wait lets the test do what must happen after the victim has attached.
func (v *victim) wait() {
	v.Say("waits")
	v.Hear()
}

// corpseStores leaves the value half-copied.
func corpseStores(s *scene) {
	s.t.Helper()
	s.killIn("value.Store, 128 bytes", 12)
	if l := *s.value.Pointer(); l == uniform(l[0]) {
		s.t.Fatalf("value is %v: there is nothing to repair", l)
	}
}

var valueOperations = []operation{
	{name: "value.Store", brief: true, shows: []string{"count"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			n := v.count.Load() + 1
			return func() error { v.count.Store(n); return nil }
		})},
	{name: "value.Add", brief: true, shows: []string{"count"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			return func() error { v.count.Add(1); return nil }
		})},
	{name: "value.CompareAndSwap", brief: true, shows: []string{"count"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			n := v.count.Load()
			return func() error { v.count.CompareAndSwap(n, n+1); return nil }
		})},
	{name: "value.Load, 128 bytes", shows: []string{"value"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			return func() error { v.value.Load(); return nil }
		})},
	{name: "value.Store, 128 bytes", shows: []string{"value"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			n := v.value.Load()[0] + 1
			return func() error { v.value.Store(uniform(n)); return nil }
		})},
	{name: "value.Load that repairs", shows: []string{"value"}, meanwhile: corpseStores,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			v.wait()
			return func() error { v.value.Load(); return nil }
		})},
	{name: "value.Update, 128 bytes", shows: []string{"value"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			return func() error { return v.value.Update(func(l *large) { *l = uniform(l[0] + 1) }) }
		})},
}

var arrayOperations = []operation{
	{name: "array.Set", brief: true, shows: []string{"items"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			n := v.items.At(7) + 1
			return func() error { v.items.Set(7, n); return nil }
		})},
	{name: "array.AddAt", brief: true, shows: []string{"items"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			return func() error { v.items.AddAt(7, 1); return nil }
		})},
	{name: "array.With", shows: []string{"items"},
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			return func() error {
				return v.items.With(func(items []uint64, _ bool) error {
					items[7]++
					return nil
				})
			}
		})},
}

var objectOperations = []operation{
	{name: "object.create named (directory)", shows: []string{"new"},
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			return func() error { _, err := seg.NewObject("new", bytesSpec(1000), nil); return err }
		})},
	{name: "object.create anonymous (heap.Alloc)",
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			return func() error { _, err := seg.NewObject("", bytesSpec(100), nil); return err }
		})},
	{name: "object.create that grows the segment", shows: []string{"segment"},
		prepare: func(v *victim) func() {
			seg, err := shm.Create(filepath.Join(v.dir, createdName), shm.WithSize(4096))
			v.Must(err)
			info, err := seg.Info()
			v.Must(err)
			return v.must(func() error { _, err := seg.NewObject("", bytesSpec(info.Heap.FreeBytes+1), nil); return err })
		}},
	{name: "object.create that adds a directory page", shows: []string{"segment"},
		prepare: func(v *victim) func() {
			seg, err := shm.Create(filepath.Join(v.dir, createdName), shm.WithSize(4096))
			v.Must(err)
			for {
				info, err := seg.Info()
				v.Must(err)
				if len(info.Objects) == 63 { // the first record is never used
					break
				}
				_, err = seg.NewObject("", bytesSpec(8), nil)
				v.Must(err)
			}
			return v.must(func() error { _, err := seg.NewObject("", bytesSpec(8), nil); return err })
		}},
	{name: "object.open",
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			v.Must(v.other.Close())
			return func() error { _, err := shsync.OpenMutex(seg, "other"); return err }
		})},
	{name: "object.open by handle, unmapped",
		prepare: func(v *victim) func() {
			m := new(shsync.Mutex)
			return v.must(func() error { return m.UnmarshalText([]byte(v.handle)) })
		}},
	{name: "object.close the last (heap.Free)",
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			o, err := seg.NewObject("", bytesSpec(100), nil)
			v.Must(err)
			return o.Close
		})},
	{name: "object.close of a named one", shows: []string{"victim"},
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			o, err := seg.NewObject("victim", bytesSpec(100), nil)
			v.Must(err)
			return o.Close
		})},
	{name: "object.remove the last", shows: []string{"victim"},
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			o, err := seg.NewObject("victim", bytesSpec(100), nil)
			v.Must(errors.Join(err, o.Close()))
			return func() error { return seg.RemoveObject("victim") }
		})},
	{name: "object.remove in use", shows: []string{"victim"},
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			_, err := seg.NewObject("victim", bytesSpec(100), nil)
			v.Must(err)
			return func() error { return seg.RemoveObject("victim") }
		})},
}

var segmentOperations = []operation{
	{name: "segment.open (attach)",
		prepare: func(v *victim) func() { return v.must(v.openSegment) }},
	{name: "segment.open that sweeps (recover)", shows: lockShows, stage: func(s *scene) { s.corpse("everything") },
		prepare: func(v *victim) func() { return v.must(v.openSegment) }},
	{name: "segment.open after a boot", shows: lockShows,
		stage:   func(s *scene) { s.corpse("lock"); s.otherBoot() },
		prepare: func(v *victim) func() { return v.must(v.openSegment) }},
	{name: "segment.close (detach)", shows: lockShows,
		prepare: func(v *victim) func() {
			seg := v.attach()
			_, err := take(v.lock) // held by one who leaves
			v.Must(err)
			v.Must(v.cast.close())
			return v.must(seg.Close)
		}},
	{name: "segment.create", shows: []string{"segment"},
		prepare: func(v *victim) func() { return v.must(v.createSegment) }},
	{name: "segment.remove", shows: []string{"segment"},
		prepare: func(v *victim) func() {
			v.Must(v.createSegment())
			return v.must(func() error { return shm.Remove(filepath.Join(v.dir, createdName)) })
		}},
	{name: "anonymous segment, first handle",
		prepare: func(v *victim) func() {
			n, err := value.New(1)
			v.Must(err)
			return v.must(func() error { _, err := n.MarshalText(); return err })
		}},
	{name: "anonymous segment, last one out",
		prepare: func(v *victim) func() {
			n, err := value.New(1)
			v.Must(err)
			_, err = n.MarshalText()
			v.Must(errors.Join(err, n.Close()))
			return v.must(shm.CloseDefault)
		}},
	{name: "anonymous segment, BeforeExit of the last one",
		prepare: func(v *victim) func() {
			n, err := value.New(1)
			v.Must(err)
			_, err = n.MarshalText()
			v.Must(err)
			return shm.BeforeExit
		}},
}

// otherBoot makes the segment one of before the machine was started.
func (s *scene) otherBoot() {
	f, err := os.OpenFile(s.seg.Path(), os.O_RDWR, 0)
	must(s.t, err)
	defer f.Close()
	header := reflect.TypeFor[layout.Header]()
	id, _ := header.FieldByName("BootID")
	_, err = f.WriteAt([]byte("another boot id."), int64(id.Offset))
	must(s.t, err)
}

func (v *victim) openSegment() error {
	_, err := shm.Open(filepath.Join(v.dir, segName))
	return err
}

func (v *victim) createSegment() error {
	_, err := shm.Create(filepath.Join(v.dir, createdName), shm.WithSize(4096))
	return err
}
