package shm

import "os"

// openCore attaches to the segment at path, or gives the attachment that this
// process has. It returns with one reference taken.
func openCore(path string) (*core, error) {
	for {
		v, err := openView(path, true)
		if err != nil {
			return nil, err
		}
		c, err := v.share()
		if c != nil || err != nil {
			return c, err
		}
		// The segment was destroyed between open and attach: look again.
	}
}

// share turns a fresh view into the process's one core of that segment, or drops
// it in favour of the core that exists. Both results are nil if the segment turned
// out to be destroyed.
func (v *view) share() (*core, error) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if c := registry.cores[v.id]; c != nil && c.enter() == nil {
		v.drop()
		return c, nil
	}
	c, err := v.attachNew()
	if c == nil {
		v.drop()
		return nil, err
	}
	c.refs.Store(1)
	registry.cores[c.id] = c
	return c, nil
}

// attachNew attaches and then looks whether it came too late: once our byte is
// locked nobody can destroy the segment any more.
func (v *view) attachNew() (*core, error) {
	if v.destroyed() {
		return nil, v.gone()
	}
	if err := v.resetAfterBoot(); err != nil {
		return nil, err
	}
	c, err := attach(v)
	if err != nil {
		return nil, err
	}
	_, _, links, err := fileSize(v.file)
	if err == nil && links > 0 && !v.destroyed() {
		c.sweepDead()
		return c, nil
	}
	c.heap.Close()
	v.sweep(c.slot, c.part) // gives the slot back, as it was
	if err != nil {
		return nil, err
	}
	return nil, v.gone()
}

// gone is ErrNotFound if the path has no file any more, or still has the
// destroyed one (whose remover died before it could unlink it, which ends here);
// else nil: the path names another segment now.
func (v *view) gone() error {
	if err := v.unlinkOwn(); err != nil {
		return err
	}
	if _, err := os.Lstat(v.path); err != nil {
		return notFound(err)
	}
	return nil
}

func (v *view) drop() {
	v.unmap()
	v.file.Close()
}
