//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	shmtest.Register("resident", beResident)
	shmtest.Register("visitor", beVisitor)
}

// survivor is a process that goes on while victims die around it.
type survivor struct {
	*shmtest.Child
	cast
	dir  string
	seg  *shm.Segment // of the resident
	file *os.File     // to ask for locks on the segment
	has  bool         // the resident has the lock
	want chan grab    // the resident waits for the lock; nil: it does not
	last map[string]uint64
}

// grab is how a lock was found that was waited for.
type grab struct {
	found string
	err   error
}

func newSurvivor(c *shmtest.Child) *survivor {
	s := &survivor{Child: c, dir: c.Args[0], last: map[string]uint64{}}
	c.Must(os.Setenv("SHMKIT_DIR", s.dir))
	file, err := os.Open(filepath.Join(s.dir, segName))
	c.Must(err)
	s.file = file
	return s
}

// serve answers the test's questions: "ok report", or what went wrong.
func (s *survivor) serve(answers map[string]func() (string, error)) {
	s.Say("here")
	for {
		what := s.Hear()
		f := answers[what]
		if f == nil {
			s.Must(fmt.Errorf("no answer to %q", what))
		}
		if r, err := f(); err != nil {
			s.Say("fails:", strings.ReplaceAll(err.Error(), "\n", "; "))
		} else {
			s.Say("ok " + r)
		}
	}
}

// beResident stays attached all the time, and owns an arena.
func beResident(c *shmtest.Child) {
	s := newSurvivor(c)
	park.Slice = time.Second // so that those who wake it rarely find it awake
	var err error
	s.seg, err = s.enter(s.dir)
	c.Must(err)
	s.serve(s.guests.answers(map[string]func() (string, error){
		"look": s.use, "frozen": s.frozen, "settle": s.settle,
		"lock": func() (string, error) { s.has = true; _, err := take(s.lock); return "", err },
		"give": s.give, "want": s.wants, "got": s.got,
	}))
}

// give gives the lock back if the resident has it.
func (s *survivor) give() (string, error) {
	err := s.guests.each(func(_ string, g guest) error { return g.give() })
	if !s.has {
		return "", err
	}
	s.has = false
	return "", errors.Join(err, s.lock.Unlock())
}

// wants waits for the lock beside what the resident does otherwise.
func (s *survivor) wants() (string, error) {
	s.want = make(chan grab, 1)
	go func() {
		found, err := take(s.lock)
		s.want <- grab{found, err}
	}()
	return "", nil
}

// got is over when the resident has got the lock that it wants, and has given it
// back. It reports how it found the lock, as the visitor does.
func (s *survivor) got() (string, error) {
	e := s.guests.each(func(_ string, g guest) error { return g.got() })
	if s.want == nil {
		return "", e
	}
	g := <-s.want
	s.want = nil
	if g.err == nil {
		g.err = s.lock.Unlock()
	}
	return "lock=" + g.found, errors.Join(g.err, e)
}

// use does what the resident has objects for.
func (s *survivor) use() (string, error) {
	for _, m := range []*shsync.Mutex{s.lock, s.other, s.value.Mutex(), s.items.Mutex()} {
		if _, err := take(m); err != nil {
			return "", err
		}
		if err := m.Unlock(); err != nil {
			return "", err
		}
	}
	s.count.Add(1)
	s.count.Add(^uint64(0)) // the visitor counts what victims add
	return "", errors.Join(s.anonymous(s.seg), s.named(s.seg, "resident"))
}

// anonymous makes an object without a name, and closes it.
func (s *survivor) anonymous(seg *shm.Segment) error {
	o, err := seg.NewObject("", bytesSpec(1000), nil)
	if err != nil {
		return err
	}
	return o.Close()
}

// named makes an object with a name, and removes it.
func (s *survivor) named(seg *shm.Segment, name string) error {
	o, err := seg.NewObject(name, bytesSpec(1000), nil)
	if err != nil {
		return err
	}
	return errors.Join(seg.RemoveObject(name), o.Close())
}

// adminHeld tells whether the directory is being changed: the one thing that a
// frozen process may keep others from, besides the locks that it holds.
func (s *survivor) adminHeld() (bool, error) {
	held, _, _, err := sys.Holder(int(s.file.Fd()), layout.LockAdmin, 1)
	return held, err
}

// frozen is what is promised to work whatever a frozen process was doing.
func (s *survivor) frozen() (string, error) {
	admin, err := s.adminHeld()
	if err != nil {
		return "", err
	}
	if s.count.Add(1) == 1 {
		return "", errors.New("count was 0")
	}
	s.count.Add(^uint64(0)) // what the stopped one does counts alone
	var waits []string
	for _, l := range []struct {
		name string
		m    *shsync.Mutex
	}{{"the lock", s.lock}, {"the other lock", s.other}, {"the value", s.value.Mutex()}, {"the items", s.items.Mutex()}} {
		if l.m == s.lock && s.want != nil {
			// The resident takes it as soon as it is free, and is asked for it later.
			if info := l.m.Info(); info.State == "held" && info.OwnerPID != uint32(os.Getpid()) {
				waits = append(waits, l.name+"=held")
			}
			continue
		}
		held, err := s.tryFrozen(l.m)
		if err != nil {
			return "", err
		}
		if held && !s.has {
			waits = append(waits, l.name+"=held")
		}
	}
	err = s.guests.each(func(name string, g guest) error {
		held, err := g.frozen()
		if held {
			waits = append(waits, "the "+name+"=held")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if admin {
		waits = append(waits, "names=held")
	} else if err := s.named(s.seg, "bystander"); err != nil {
		return "", err
	}
	o, err := shsync.OpenMutex(s.seg, "other")
	if err != nil {
		return "", err
	}
	return strings.Join(waits, ";"), errors.Join(o.Close(), s.anonymous(s.seg), s.segment("bystander"))
}

// tryFrozen: a lock that the frozen process holds is held, and whoever wants it is
// told at once or waits until it has enough. Any other lock is free.
func (s *survivor) tryFrozen(m *shsync.Mutex) (held bool, err error) {
	if info := m.Info(); info.State == "held" && info.Alive {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		ok, err := m.TryLock()
		if ok || err != nil {
			return true, fmt.Errorf("TryLock of a held lock: %v %v", ok, err)
		}
		if err := m.LockContext(ended); !errors.Is(err, context.Canceled) {
			return true, fmt.Errorf("LockContext of a held lock: %v", err)
		}
		return true, nil
	}
	if _, err := take(m); err != nil {
		return false, err
	}
	return false, m.Unlock()
}

// segment makes another segment, uses it, and removes it.
func (s *survivor) segment(name string) error {
	seg, err := shm.Create(filepath.Join(s.dir, name), shm.WithSize(4096))
	if err != nil {
		return err
	}
	return errors.Join(s.named(seg, "x"), seg.Close(), shm.Remove(seg.Path()))
}

// settle allocates what no free block can hold.
func (s *survivor) settle() (string, error) {
	info, err := s.seg.Info()
	if err != nil {
		return "", err
	}
	o, err := s.seg.NewObject("", bytesSpec(info.Heap.FreeBytes+1), nil)
	if err != nil {
		return "", err
	}
	return "", o.Close()
}
