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
	c, done := v.shareOld()
	if c != nil {
		v.drop()
		return c, nil
	}
	c, err := v.attachNew()
	registry.mu.Lock()
	if c != nil {
		c.refs.Store(1)
		registry.cores[c.id] = c
	}
	delete(registry.opening, v.id)
	registry.mu.Unlock()
	close(done)
	if c == nil {
		v.drop()
	}
	return c, err
}

// shareOld is the core that exists, with a reference taken. If there is none, no
// other goroutine attaches to the segment until the caller has taken done out of
// registry.opening and closed it.
func (v *view) shareOld() (c *core, done chan struct{}) {
	for {
		registry.mu.Lock()
		c, wait := registry.cores[v.id], registry.opening[v.id]
		if c != nil && c.enter() == nil {
			registry.mu.Unlock()
			return c, nil
		}
		if wait == nil {
			done = make(chan struct{})
			registry.opening[v.id] = done
			registry.mu.Unlock()
			return nil, done
		}
		registry.mu.Unlock()
		<-wait
	}
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
	v.sweep(c.slot, c.part, v.admin) // gives the slot back, as it was
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
