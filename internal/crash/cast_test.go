//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"
	"path/filepath"

	"shmkit/array"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

// cast are the objects of a scene, as one process has them open. Operations are
// done to lock, value, count and items; other is nobody's business.
type cast struct {
	lock, other *shsync.Mutex
	value       *value.Value[large]
	count       *value.Value[uint64]
	items       *array.Array[uint64]
	guests      company
}

// large is a value that no machine stores at once; all words are equal.
type large [16]uint64

func uniform(x uint64) (l large) {
	for i := range l {
		l[i] = x
	}
	return l
}

func (c *cast) create(seg *shm.Segment) error {
	var errs [5]error
	c.lock, errs[0] = shsync.NewMutexIn(seg, "lock")
	c.other, errs[1] = shsync.NewMutexIn(seg, "other")
	c.value, errs[2] = value.NewIn(seg, "value", uniform(1))
	c.count, errs[3] = value.NewIn[uint64](seg, "count", 1)
	c.items, errs[4] = array.NewIn[uint64](seg, "items", 100)
	c.guests = invite()
	return errors.Join(errors.Join(errs[:]...), c.guests.each(func(_ string, g guest) error { return g.create(seg) }))
}

func (c *cast) open(seg *shm.Segment) error {
	var errs [5]error
	c.lock, errs[0] = shsync.OpenMutex(seg, "lock")
	c.other, errs[1] = shsync.OpenMutex(seg, "other")
	c.value, errs[2] = value.Open[large](seg, "value")
	c.count, errs[3] = value.Open[uint64](seg, "count")
	c.items, errs[4] = array.Open[uint64](seg, "items")
	c.guests = invite()
	return errors.Join(errors.Join(errs[:]...), c.guests.each(func(_ string, g guest) error { return g.open(seg) }))
}

func (c *cast) close() error {
	return errors.Join(c.lock.Close(), c.other.Close(), c.value.Close(), c.count.Close(), c.items.Close(),
		c.guests.each(func(_ string, g guest) error { return g.close() }))
}

// enter opens segment and cast of a scene.
func (c *cast) enter(dir string) (*shm.Segment, error) {
	seg, err := shm.Open(filepath.Join(dir, segName))
	if err != nil {
		return nil, err
	}
	return seg, c.open(seg)
}

// take locks, and repairs what a dead holder left. It tells how it found the lock.
func take(m *shsync.Mutex) (string, error) {
	err := m.Lock()
	if errors.Is(err, shsync.ErrOwnerDied) {
		return "owner died", m.MarkConsistent()
	}
	return "free", err
}

func bytesSpec(n uint64) shm.Spec {
	t, err := shm.TypeOf[byte]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindBytes, Type: t, Count: n}
}
