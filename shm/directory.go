package shm

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"sync/atomic"

	"shmkit/internal/layout"
)

func nameHash(name string) uint64 {
	h := fnv.New64a()
	io.WriteString(h, name)
	return h.Sum64()
}

func (v *view) bucket(hash uint64) *uint32 { return &v.header.Bucket[hash%layout.Buckets] }

func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: empty", ErrName)
	case len(name) > layout.MaxName:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrName, len(name), layout.MaxName)
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("%w: %q has a zero byte", ErrName, name)
	}
	return nil
}

// chain calls f for each object of a name chain until f returns false. It takes
// no lock, so a chain may change under it; it never takes more steps than there
// are objects, which also ends a loop that damage made.
func (v *view) chain(hash uint64, f func(i uint32, o *layout.Object) bool) error {
	i := atomic.LoadUint32(v.bucket(hash))
	for range v.records() {
		if i == 0 {
			return nil
		}
		o, err := v.object(i)
		if err != nil {
			return err
		}
		next := atomic.LoadUint32(&o.Next)
		if !f(i, o) {
			return nil
		}
		i = next
	}
	if i == 0 {
		return nil
	}
	return &CorruptError{"directory chain", hash % layout.Buckets, nil}
}

// find looks for a published object by name. A miss is certain only under
// LockAdmin: without it the walk may have been led into another chain.
func (v *view) find(name string) (index uint32, generation uint32, err error) {
	hash := nameHash(name)
	err = v.chain(hash, func(i uint32, o *layout.Object) bool {
		state := atomic.LoadUint64(&o.State)
		if state&(layout.ObjectStateMask|layout.ObjectNamed) != layout.ObjectReady|layout.ObjectNamed ||
			o.NameHash != hash || int(o.NameLen) != len(name) || string(o.Name[:len(name)]) != name {
			return true
		}
		// sync: object published. The name was read between two equal states.
		if atomic.LoadUint64(&o.State) != state {
			return true
		}
		index, generation = i, layout.ObjectGeneration(state)
		return false
	})
	return index, generation, err
}

// publish gives an object that is being created its name. If the creator dies
// between the two stores the object is linked but not Ready: nobody sees it and
// the sweep unlinks it.
func (c *core) publish(i uint32, o *layout.Object, state uint64, name string) error {
	return c.admin(func() error {
		if j, _, err := c.find(name); err != nil || j != 0 {
			if err == nil {
				err = ErrExists
			}
			return err
		}
		b := c.bucket(o.NameHash)
		atomic.StoreUint32(&o.Next, atomic.LoadUint32(b))
		atomic.StoreUint32(b, i)
		// sync: object published
		atomic.StoreUint64(&o.State,
			layout.ObjectState(layout.ObjectReady|layout.ObjectNamed, 0, layout.ObjectGeneration(state)))
		return nil
	})
}

// unlinkName takes o out of its chain, if it is in it. The caller holds LockAdmin.
func (v *view) unlinkName(i uint32, o *layout.Object) {
	at := v.bucket(o.NameHash)
	for range v.records() {
		j := atomic.LoadUint32(at)
		if j == 0 {
			return
		}
		if j == i {
			atomic.StoreUint32(at, atomic.LoadUint32(&o.Next))
			return
		}
		other, err := v.object(j)
		if err != nil {
			return
		}
		at = &other.Next
	}
}

// removeName makes the object unreachable by name; it lives on while processes
// use it.
func (c *core) removeName(name string) error {
	var index uint32
	var record *layout.Object
	var removing uint64
	err := c.admin(func() error {
		i, generation, err := c.find(name)
		if err != nil {
			return err
		}
		if i == 0 {
			return ErrNotFound
		}
		o, err := c.object(i)
		if err != nil {
			return err
		}
		ready := layout.ObjectState(layout.ObjectReady|layout.ObjectNamed, 0, generation)
		removing = layout.ObjectState(layout.ObjectRemoving|layout.ObjectNamed, c.slot, generation)
		if !atomic.CompareAndSwapUint64(&o.State, ready, removing) {
			return ErrNotFound
		}
		index, record = i, o
		c.unlinkName(i, o)
		atomic.StoreUint64(&o.State, layout.ObjectState(layout.ObjectReady, 0, generation))
		return nil
	})
	if err == nil {
		c.freeIfUnused(index, record, c.slot)
	}
	return err
}
