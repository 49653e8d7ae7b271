package shm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/sys"
)

// create builds a segment in a file without a name. Until it is linked nobody
// else can reach it, so nothing here needs an order; a crash leaves nothing.
func create(path string, o options, named bool) (*Segment, error) {
	size := layout.FirstArena + max(o.size, layout.MinArena) + firstPage
	size = (size + pageSize - 1) &^ (pageSize - 1)
	o.maxSize = max(o.maxSize, size) &^ (pageSize - 1)
	if o.size > hardMax || o.maxSize > hardMax {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, max(o.size, o.maxSize))
	}
	if err := makeParent(path); err != nil {
		return nil, err
	}
	f, err := sys.CreateTemp(filepath.Dir(path), uint32(o.mode))
	if err != nil {
		return nil, err
	}
	c, err := newCore(f, path, size, o.maxSize, named)
	if err != nil {
		f.Close()
		return nil, err
	}
	if named {
		if err := linkNew(c); err != nil {
			c.leave()
			return nil, err
		}
	}
	return &Segment{core: c}, nil
}

// headerSize is the size of layout.Header; the participant table follows it.
const headerSize = layout.ParticipantTable

// firstPage is the room that directory page 0 takes in the first arena.
const firstPage = layout.FirstPageObjects*layout.ObjectSize + layout.ArenaHeaderSize + 2*layout.Unit

func makeParent(path string) error {
	if filepath.Dir(path) == filepath.Clean(Dir()) {
		return makeDir()
	}
	return nil
}

func linkNew(c *core) error {
	err := sys.Link(c.file, c.path)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	return err
}

func newCore(f *os.File, path string, size, maxSize uint64, named bool) (*core, error) {
	if err := sys.Allocate(f, 0, int64(size)); err != nil {
		return nil, err
	}
	v, err := mapFile(f, path, maxSize, true)
	if err != nil {
		return nil, err
	}
	c, err := v.format(size, maxSize, named)
	if err != nil {
		v.unmap()
		return nil, err
	}
	registry.mu.Lock()
	registry.cores[c.id] = c
	registry.mu.Unlock()
	return c, nil
}

func (v *view) format(size, maxSize uint64, named bool) (c *core, err error) {
	boot, err := sys.BootID()
	if err != nil {
		return nil, err
	}
	h := v.header
	v.id = newID()
	h.Magic, h.Version, h.Fingerprint = layout.Magic, layout.Version, layout.Fingerprint
	h.HeaderSize, h.Slots = headerSize, layout.MaxSlots
	h.Features = layout.KnownFeatures
	h.SegmentID, h.CreatedNS, h.MaxSize, h.BootID = v.id, time.Now().UnixNano(), maxSize, boot
	h.Kind = layout.KindAnonymous
	if named {
		h.Kind = layout.KindNamed
	}
	if c, err = attach(v); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			// The memory goes: the kernel must not follow a link into it.
			sys.Unwatch(&c.part.RobustNext)
		}
	}()
	c.refs.Store(1)
	c.unlinked = !named
	if err = heap.FormatArena(v.mem, layout.FirstArena, size-layout.FirstArena, c.self); err != nil {
		return c, err
	}
	atomic.StoreUint64(&h.End, size)
	if err = c.addPage(); err != nil {
		return c, err
	}
	atomic.StoreUint32(&h.State, layout.StateLive)
	return c, nil
}

// ensureLinked gives an anonymous segment its file name, when the first handle
// of one of its objects is about to leave the process. A segment that never
// leaves has no file, so nothing of it can be left behind.
func (c *core) ensureLinked() error {
	c.linkMu.Lock()
	defer c.linkMu.Unlock()
	if !c.unlinked {
		return nil
	}
	if exiting.Load() {
		return ErrClosed // nobody would remove the file
	}
	if err := linkNew(c); err != nil {
		return err
	}
	c.unlinked = false
	return nil
}

// remove unlinks a file that is a segment, whatever state it is in.
func remove(path string) error {
	f, err := sys.OpenFile(path, false)
	if err != nil {
		return notFound(err)
	}
	defer f.Close()
	h, err := readHeader(f)
	if err != nil {
		return err
	}
	if h.Magic != layout.Magic {
		return fmt.Errorf("%w: %s", ErrMagic, path)
	}
	return notFound(os.Remove(path))
}
