//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// beVisitor comes, looks, repairs and leaves, each time.
func beVisitor(c *shmtest.Child) {
	s := newSurvivor(c)
	s.last["value"], s.last["count"] = 1, 1
	s.serve(map[string]func() (string, error){
		"look":   func() (string, error) { return s.counted(s.look) },
		"frozen": func() (string, error) { return s.counted(s.visitFrozen) },
	})
}

// counted fails if f leaves a descriptor open.
func (s *survivor) counted(f func() (string, error)) (string, error) {
	before, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return "", err
	}
	r, err := f()
	if err != nil {
		return r, err
	}
	after, err := os.ReadDir("/proc/self/fd")
	if err == nil && len(after) > len(before) {
		err = fmt.Errorf("%d descriptors, %d before", len(after), len(before))
	}
	return r, err
}

// visitFrozen: whoever comes new is not held up either.
func (s *survivor) visitFrozen() (string, error) {
	var mine cast
	seg, err := mine.enter(s.dir)
	if err != nil {
		return "", err
	}
	if _, err := s.tryFrozen(mine.other); err != nil {
		return "", err
	}
	mine.count.Add(1)
	mine.count.Add(^uint64(0)) // what the stopped one does counts alone
	return "", errors.Join(mine.close(), seg.Close())
}

// look attaches, which cleans up after the dead, and reports what it found.
func (s *survivor) look() (string, error) {
	var mine cast
	seg, err := mine.enter(s.dir)
	if err != nil {
		return "", err
	}
	var words []string
	see := func(name, state string, err error) error {
		words = append(words, name+"="+state)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	found, err := take(mine.lock)
	err = errors.Join(see("lock", found, err), mine.lock.Unlock())
	for _, name := range []string{"new", "victim"} {
		found, e := s.nameOf(seg, name)
		err = errors.Join(err, see(name, found, e))
	}
	for _, look := range []struct {
		name string
		f    func(*cast) (string, error)
	}{{"value", s.valueOf}, {"count", s.countOf}, {"items", s.itemsOf}} {
		found, e := look.f(&mine)
		err = errors.Join(err, see(look.name, found, e))
	}
	err = errors.Join(err, mine.guests.each(func(name string, g guest) error {
		found, e := g.look()
		return see(name, found, e)
	}))
	found, e := s.created()
	err = errors.Join(err, see("segment", found, e))
	// Listing removes what the dead left of their own.
	_, e = shm.List()
	return strings.Join(words, ";"), errors.Join(err, e, s.anonymous(seg), mine.close(), seg.Close())
}

// valueOf tells whether the large value is what it was at the last look. It must
// not be torn.
func (s *survivor) valueOf(mine *cast) (string, error) {
	l := mine.value.Load()
	if l != uniform(l[0]) {
		return "torn", fmt.Errorf("torn: %v", l)
	}
	found, err := s.changed("value", l[0])
	mine.value.Store(uniform(l[0]))
	return found, err
}

func (s *survivor) countOf(mine *cast) (string, error) {
	now := mine.count.Load()
	found, err := s.changed("count", now)
	mine.count.Store(now + 1)
	s.last["count"] = now + 1
	return found, err
}

// itemsOf looks at one item, and at the lock, which a user of items may hold.
func (s *survivor) itemsOf(mine *cast) (string, error) {
	found, err := s.changed("items", mine.items.LoadAt(7))
	died, e := take(mine.items.Mutex())
	if died != "free" {
		found += ", " + died
	}
	return found, errors.Join(err, e, mine.items.Unlock())
}

// changed tells whether the victim has done its operation, which adds 1. Nobody
// else changes what it is about.
func (s *survivor) changed(name string, now uint64) (string, error) {
	old := s.last[name]
	s.last[name] = now
	switch now {
	case old:
		return "old", nil
	case old + 1:
		return "new", nil
	}
	return "neither", fmt.Errorf("%s is %d, was %d", name, now, old)
}

// nameOf tells whether there is an object of that name, whether the resident keeps
// it or not, and makes sure that there is none afterwards.
func (s *survivor) nameOf(seg *shm.Segment, name string) (found string, err error) {
	found = "absent"
	o, err := shsync.OpenMutex(seg, name)
	switch {
	case err == nil:
		found = "there"
		err = o.Close()
	case errors.Is(err, shm.ErrNotFound):
		err = nil
	case errors.Is(err, shm.ErrType):
		found, err = "there", nil
	}
	if err == nil && found == "there" {
		err = seg.RemoveObject(name)
	}
	if err == nil {
		err = s.named(seg, name)
	}
	return found, err
}

// created tells whether the victim's segment is there, and makes sure that there is
// none afterwards.
func (s *survivor) created() (found string, err error) {
	path := filepath.Join(s.dir, createdName)
	seg, err := shm.Open(path)
	switch {
	case err == nil:
		found = "there"
		var bad []shm.Violation
		if bad, err = seg.Check(); len(bad) > 0 {
			err = fmt.Errorf("segment of the dead: %v", bad)
		}
		err = errors.Join(err, s.named(seg, "x"), seg.Close(), shm.Remove(path))
	case errors.Is(err, shm.ErrNotFound):
		found, err = "absent", nil
	}
	return found, errors.Join(err, s.segment(createdName))
}
