package shm

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
)

// claim takes a free record: one compare-and-swap that also names us, so that a
// record is never in nobody's hands. When all are taken it adds a page.
func (c *core) claim() (uint32, *layout.Object, uint64, error) {
	for {
		for _, from := range []uint32{max(1, c.hint.Load()), 1} {
			i, o, state, err := c.claimFrom(from)
			if err != nil {
				return 0, nil, 0, err
			}
			if o != nil {
				c.hint.Store(i + 1)
				return i, o, state, nil
			}
		}
		if err := c.addPage(); err != nil {
			return 0, nil, 0, err
		}
	}
}

func (c *core) claimFrom(from uint32) (index uint32, record *layout.Object, state uint64, err error) {
	err = c.objects(from, func(i uint32, o *layout.Object) bool {
		old := atomic.LoadUint64(&o.State)
		if old&layout.ObjectStateMask != layout.ObjectFree {
			return true
		}
		claimed := layout.ObjectState(layout.ObjectCreating, c.slot, layout.ObjectGeneration(old)+1)
		if !atomic.CompareAndSwapUint64(&o.State, old, claimed) {
			return true
		}
		index, record, state = i, o, claimed
		return false
	})
	return index, record, state, err
}

// addPage adds the next directory page. The block is allocated before the lock
// is taken, because the heap may need the lock itself; if another process was
// faster the block goes back.
func (c *core) addPage() error {
	k := 0
	for k < layout.MaxPages && c.page(k) != 0 {
		k++
	}
	if k == layout.MaxPages {
		return fmt.Errorf("%w: %d objects", ErrTooLarge, layout.MaxObjects)
	}
	index := layout.BlockPage + uint32(k)
	size := uint64(layout.PageObjects(k)) * layout.ObjectSize
	block, data, err := c.heap.Alloc(size, layout.Line, index, c.self)
	if err != nil {
		return err
	}
	taken := false
	err = c.admin(func() error {
		if taken = c.page(k) != 0; !taken {
			atomic.StoreUint64(&c.header.Pages[k], data)
		}
		return nil
	})
	if taken || err != nil {
		c.heap.Free(block, index, c.self)
	}
	return err
}

// build fills a record that was just claimed, and allocates its payload. What it
// returns is made of what we know, not of what the record says by then: in a
// damaged heap the payload may lie over the record.
func (c *core) build(i uint32, o *layout.Object, state uint64, name string, spec Spec) (*Object, error) {
	o.NameHash, o.Next, o.NameLen, o.Block = 0, 0, 0, 0
	o.Name, o.Signature, o.Holders = [layout.MaxName]byte{}, [layout.MaxSignature]byte{}, [len(o.Holders)]uint64{}
	o.Kind, o.Count = spec.Kind, spec.Count
	o.CreatorPID, o.CreatedNS = uint32(os.Getpid()), time.Now().UnixNano()
	o.OwnerFormat, o.OwnerOff, o.OwnerCount, o.OwnerStride = spec.owners()
	spec.Type.store(o)
	size, itemsOff, err := spec.size()
	if err != nil {
		return nil, err
	}
	o.Size, o.ItemsOff = size, itemsOff
	generation := layout.ObjectGeneration(state)
	block, data, err := c.heap.Alloc(size, spec.align(), i, generation)
	if err != nil {
		return nil, err
	}
	o.Data = data
	atomic.StoreUint64(&o.Block, block)
	if name != "" {
		o.NameHash = nameHash(name)
		o.NameLen = uint16(copy(o.Name[:], name))
	}
	return &Object{
		core: c, record: o, index: i, generation: generation,
		spec: spec, data: data, size: size, itemsOff: itemsOff,
	}, nil
}
