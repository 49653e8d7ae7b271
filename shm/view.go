package shm

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/edsrzf/mmap-go"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
)

// view is a mapped and validated segment file, without a slot in it. It is what
// tools use to look at a segment, and the lower half of core.
type view struct {
	path   string
	file   *os.File
	fd     int
	mem    *mem.Memory
	header *layout.Header
	slots  []layout.Participant // the participant table
	id     ID
	heap   *heap.Heap // nil unless this process is attached through the view

	// adminMu is the in-process half of LockAdmin: a file lock does not tell apart
	// the goroutines that share a descriptor.
	adminMu sync.Mutex
}

// mapFile maps f, of which the first Header.MaxSize bytes get addresses. The
// memory goes when nobody can reach the view any more, see core.unmapLater.
func mapFile(f *os.File, path string, length uint64, writable bool) (*view, error) {
	prot := mmap.RDONLY
	if writable {
		prot = mmap.RDWR
	}
	m, err := mapRegion(f, int(length), prot)
	if err != nil {
		// Too much for this process, whether the header lies or is right.
		return nil, fmt.Errorf("%w: map %d bytes: %w", ErrTooLarge, length, err)
	}
	v := &view{path: path, file: f, fd: int(f.Fd())}
	v.mem = mem.New(m, func() (uint64, error) {
		size, _, _, err := fileSize(f)
		return size, err
	})
	if v.header, err = mem.At[layout.Header](v.mem, 0); err != nil {
		m.Unmap()
		return nil, err
	}
	if v.slots, err = mem.Slice[layout.Participant](v.mem, layout.ParticipantTable, layout.MaxSlots); err != nil {
		m.Unmap()
		return nil, err
	}
	v.id = v.header.SegmentID
	return v, nil
}

// fileSize tells how long f is, how many bytes of it have storage, and how many
// names it has.
func fileSize(f *os.File) (size, backed, links uint64, err error) {
	n, blocks, links, _, _, _, err := sys.Stat(f)
	return uint64(n), uint64(blocks) * 512, links, err
}

// end is Header.End, which is as trustworthy as any shared word.
func (v *view) end() uint64 { return atomic.LoadUint64(&v.header.End) }

func (v *view) participant(slot uint32) *layout.Participant { return &v.slots[slot] }

// page is the data offset of directory page k, 0 if it is not there yet.
func (v *view) page(k int) uint64 { return atomic.LoadUint64(&v.header.Pages[k]) }

// object is the record with index i. Index 0 is "none" and fails like one beyond
// the table.
func (v *view) object(i uint32) (*layout.Object, error) {
	k, pos := layout.PageOf(i)
	if i == 0 || k >= layout.MaxPages || v.page(k) == 0 {
		return nil, &CorruptError{"object index", uint64(i), nil}
	}
	off := v.page(k) + uint64(pos)*layout.ObjectSize
	o, err := mem.At[layout.Object](v.mem, off)
	if err != nil {
		return nil, damaged(fmt.Sprintf("header.Pages[%d]", k), off, err)
	}
	return o, nil
}

// records is how many records the pages that exist have: no chain is longer.
func (v *view) records() (n uint32) {
	for k := range layout.MaxPages {
		if v.page(k) != 0 {
			n += layout.PageObjects(k)
		}
	}
	return n
}

// objects calls f for every record of every page that exists, from index from
// on (1 is the first), until f returns false.
func (v *view) objects(from uint32, f func(i uint32, o *layout.Object) bool) error {
	first := uint32(0)
	for k := range layout.MaxPages {
		n := layout.PageObjects(k)
		if off := v.page(k); off != 0 && from < first+n {
			records, err := mem.Slice[layout.Object](v.mem, off, uint64(n))
			if err != nil {
				return damaged(fmt.Sprintf("header.Pages[%d]", k), off, err)
			}
			for pos := from - min(from, first); pos < n; pos++ {
				if i := first + pos; !f(i, &records[pos]) {
					return nil
				}
			}
		}
		first += n
	}
	return nil
}

// held asks the kernel whether some other descriptor holds the byte of slot.
func (v *view) held(slot uint32) (bool, error) {
	held, _, _, err := sys.Holder(v.fd, layout.LockSlots+int64(slot), 1)
	return held, err
}

func (v *view) destroyed() bool {
	return atomic.LoadUint32(&v.header.State) == layout.StateDestroyed
}
