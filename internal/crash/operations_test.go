//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"
	"fmt"
	"path/filepath"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

// operation is something that a process may be killed in.
type operation struct {
	name string
	slow bool // left out without -full
	// prepare runs in the victim before it is traced and gives what is traced.
	prepare func(c *shmtest.Child, path string) (run func())
}

// large is a value that no machine stores at once; all words are equal.
type large [16]uint64

func uniform(x uint64) (l large) {
	for i := range l {
		l[i] = x
	}
	return l
}

func bytesSpec(n uint64) shm.Spec {
	t, err := shm.TypeOf[byte]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindBytes, Type: t, Count: n}
}

func openAll(c *shmtest.Child, path string) (*shm.Segment, *shsync.Mutex, *value.Value[large]) {
	seg, err := shm.Open(path)
	c.Must(err)
	m, err := shsync.OpenMutex(seg, "lock")
	c.Must(err)
	v, err := value.Open[large](seg, "value")
	c.Must(err)
	return seg, m, v
}

// warm does everything once, elsewhere, so that what is traced is the operation
// and not the runtime's first encounter with it.
func warm(c *shmtest.Child, dir string) {
	seg, err := shm.Create(filepath.Join(dir, "warm"), shm.WithSize(4096))
	c.Must(err)
	for _, name := range []string{"", "named", "large"} {
		o, err := seg.NewObject(name, bytesSpec(uint64(len(name))<<18), nil)
		c.Must(err)
		c.Must(o.Close())
	}
	c.Must(seg.RemoveObject("named"))
	v, err := value.NewIn(seg, "value", uniform(1))
	c.Must(err)
	v.Store(uniform(v.Load()[0]))
	m := v.Mutex()
	c.Must(errors.Join(m.Lock(), m.Unlock()))
	c.Must(errors.Join(v.Close(), shm.Remove(seg.Path()), seg.Close()))
}

// take locks, and repairs what a dead holder left.
func take(m *shsync.Mutex) error {
	err := m.Lock()
	if errors.Is(err, shsync.ErrOwnerDied) {
		err = m.MarkConsistent()
	}
	return err
}

var operations = []operation{
	{"mutex.Lock", false, func(c *shmtest.Child, path string) func() {
		_, m, _ := openAll(c, path)
		return func() { c.Must(m.Lock()) }
	}},
	{"mutex.Unlock", false, func(c *shmtest.Child, path string) func() {
		_, m, _ := openAll(c, path)
		c.Must(take(m))
		return func() { c.Must(m.Unlock()) }
	}},
	{"value.Store", false, func(c *shmtest.Child, path string) func() {
		_, _, v := openAll(c, path)
		return func() { v.Store(uniform(v.Load()[0] + 1)) }
	}},
	{"object.create named", false, func(c *shmtest.Child, path string) func() {
		seg, _, _ := openAll(c, path)
		return func() {
			_, err := seg.NewObject("new", bytesSpec(3000), nil)
			c.Must(err)
		}
	}},
	{"object.create anonymous", true, func(c *shmtest.Child, path string) func() {
		seg, _, _ := openAll(c, path)
		return func() {
			_, err := seg.NewObject("", bytesSpec(100), nil)
			c.Must(err)
		}
	}},
	{"object.create that grows", true, func(c *shmtest.Child, path string) func() {
		seg, _, _ := openAll(c, path)
		return func() {
			_, err := seg.NewObject("", bytesSpec(2<<20), nil)
			c.Must(err)
		}
	}},
	{"object.close the last", false, func(c *shmtest.Child, path string) func() {
		seg, _, _ := openAll(c, path)
		o, err := seg.NewObject("", bytesSpec(100), nil)
		c.Must(err)
		return func() { c.Must(o.Close()) }
	}},
	{"object.remove", false, func(c *shmtest.Child, path string) func() {
		seg, _, _ := openAll(c, path)
		o, err := seg.NewObject("victim", bytesSpec(100), nil)
		c.Must(err)
		c.Must(o.Close())
		return func() { c.Must(seg.RemoveObject("victim")) }
	}},
	{"segment.open", false, func(c *shmtest.Child, path string) func() {
		return func() {
			_, err := shm.Open(path)
			c.Must(err)
		}
	}},
	{"segment.close", false, func(c *shmtest.Child, path string) func() {
		seg, m, v := openAll(c, path)
		c.Must(take(m)) // held by one who leaves
		c.Must(errors.Join(v.Close(), m.Close()))
		return func() { c.Must(seg.Close()) }
	}},
	{"segment.create", false, func(c *shmtest.Child, path string) func() {
		return func() {
			_, err := shm.Create(filepath.Join(filepath.Dir(path), "created"), shm.WithSize(4096))
			c.Must(err)
		}
	}},
}

// survive is what another process does after the kill: everything must work.
func survive(c *shmtest.Child) {
	path := c.Args[0]
	seg, m, v := openAll(c, path) // attaching cleans up after the dead
	c.Must(take(m))
	c.Must(m.Unlock())
	if l := v.Load(); l != uniform(l[0]) {
		c.Must(fmt.Errorf("torn value: %v", l))
	}
	v.Store(uniform(v.Load()[0] + 1))
	for _, name := range []string{"new", "victim"} {
		if err := seg.RemoveObject(name); err != nil && !errors.Is(err, shm.ErrNotFound) {
			c.Must(err)
		}
		o, err := seg.NewObject(name, bytesSpec(1000), nil)
		c.Must(err)
		c.Must(seg.RemoveObject(name))
		c.Must(o.Close())
	}
	created, err := shm.OpenOrCreate(filepath.Join(filepath.Dir(path), "created"))
	c.Must(err)
	found, err := created.Check()
	c.Must(err)
	if len(found) > 0 {
		c.Must(fmt.Errorf("segment after the kill: %v", found))
	}
	c.Must(errors.Join(created.Close(), shm.Remove(created.Path())))
	c.Must(errors.Join(v.Close(), m.Close(), seg.Close()))
	c.Say("survived")
}
