package include_test

import (
	"testing"

	"shmkit/ring"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// closer is what the handles of all kinds have.
type closer interface{ Close() error }

// made takes what a constructor returns.
func made[H closer](t *testing.T) func(h H, err error) {
	return func(h H, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
	}
}

// makeRings makes one of each kind of package ring.
func makeRings(t *testing.T, seg *shm.Segment) {
	t.Helper()
	for name, make := range map[string]func(name string) (interface{ Detach() error }, error){
		"queue": func(name string) (interface{ Detach() error }, error) { return ring.NewIn[int64](seg, name, 4) },
		"joinable": func(name string) (interface{ Detach() error }, error) {
			return ring.NewJoinableIn[int64](seg, name, 4)
		},
		"spsc":    func(name string) (interface{ Detach() error }, error) { return ring.NewSPSCIn[int64](seg, name, 4) },
		"records": func(name string) (interface{ Detach() error }, error) { return ring.NewRecordsIn(seg, name, 64) },
		"broadcast": func(name string) (interface{ Detach() error }, error) {
			return ring.NewBroadcastIn[int64](seg, name, 4)
		},
		"pair": func(name string) (interface{ Detach() error }, error) { return ring.NewPairIn(seg, name, 64, 1) },
	} {
		h, err := make(name)
		if err != nil {
			t.Fatal(name, err)
		}
		t.Cleanup(func() { h.Detach() })
	}
}

// C finds an object of every kind, whether or not it has calls for it: a segment with
// one is not corrupt. It takes the lock of those that are a Mutex, and something more.
func TestCFindsEveryKind(t *testing.T) {
	seg, mu, path := mutex(t)
	made[*shsync.Cond](t)(shsync.NewCondIn(seg, "cond", mu))
	made[*shsync.RWMutex](t)(shsync.NewRWMutexIn(seg, "rwmutex"))
	made[*shsync.RecursiveMutex](t)(shsync.NewRecursiveMutexIn(seg, "recursive"))
	made[*shsync.Once](t)(shsync.NewOnceIn(seg, "once"))
	made[*shsync.WaitGroup](t)(shsync.NewWaitGroupIn(seg, "group"))
	made[*shsync.Event](t)(shsync.NewEventIn(seg, "event"))
	made[*shsync.Barrier](t)(shsync.NewBarrierIn(seg, "barrier", 2))
	made[*shsync.Semaphore](t)(shsync.NewSemaphoreIn(seg, "semaphore", 1))
	made[*shsync.Permits](t)(shsync.NewPermitsIn(seg, "permits", 1))
	makeRings(t, seg)

	for name, lock := range map[string]int{
		"lock": ok, "recursive": ok, "once": ok,
		"cond": perm, "rwmutex": perm, "group": perm, "event": perm, "barrier": perm,
		"semaphore": perm, "permits": perm, "queue": perm,
		"joinable": perm, "spsc": perm, "records": perm, "broadcast": perm, "pair": perm,
	} {
		p := openPeer(t, path, name)
		p.want(lock, "trylock")
		if lock == ok {
			p.want(ok, "unlock")
		}
		p.want(ok, "release")
		p.want(ok, "close")
	}
}
