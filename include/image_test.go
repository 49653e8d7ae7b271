package include_test

import (
	"encoding/hex"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// image is a segment file made by hand, so that these tests stand on the format
// alone and not on package shm.
type image struct {
	t      *testing.T
	bytes  []byte
	mem    *mem.Memory
	header *layout.Header
	next   uint64 // offset of the free block
	count  uint32 // objects so far
}

const imageSize = layout.FirstArena + 128<<10

// newImage is a sound segment with the objects that the C programs know.
func newImage(t *testing.T) *image {
	t.Helper()
	im := &image{t: t, bytes: make([]byte, imageSize)}
	im.mem = mem.Fixed(im.bytes)
	im.header = at[layout.Header](im, 0)
	h := im.header
	h.Magic, h.Version, h.HeaderSize, h.Fingerprint = layout.Magic, layout.Version, 4608, layout.Fingerprint
	h.Features, h.Kind, h.Slots, h.State = layout.FeatureMutex32, layout.KindNamed, layout.MaxSlots, layout.StateLive
	h.MaxSize, h.End = 1<<30, imageSize
	copy(h.SegmentID[:], "an image by hand")
	h.BootID = bootID(t)
	arena := at[layout.Arena](im, layout.FirstArena)
	arena.Magic, arena.Size, arena.Virgin = layout.ArenaMagic, imageSize-layout.FirstArena, imageSize
	im.next = layout.FirstArena + layout.ArenaHeaderSize
	_, h.Pages[0] = im.block(layout.FirstPageObjects*layout.ObjectSize, layout.BlockPage)
	im.object("counter", layout.ObjectValue, 'Q', 8, 1, true)
	im.object("lock", layout.ObjectMutex, 0, 0, 0, true)
	im.object("prices", layout.ObjectArray, 'd', 8, 100, true)
	im.object("plain", layout.ObjectValue, 'd', 8, 1, false)
	return im
}

func at[T any](im *image, off uint64) *T {
	im.t.Helper()
	p, err := mem.At[T](im.mem, off)
	if err != nil {
		im.t.Fatal(err)
	}
	return p
}

func bootID(t *testing.T) (id [16]byte) {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Skip(err)
	}
	if _, err := hex.Decode(id[:], []byte(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))); err != nil {
		t.Fatal(err)
	}
	return id
}

// block splits the free block at the end of the arena.
func (im *image) block(size uint64, index uint32) (block, data uint64) {
	block = im.next
	units := (layout.BlockHeaderSize + size + layout.Unit - 1) / layout.Unit
	b := at[layout.Block](im, block)
	b.Word, b.Generation = layout.BlockWord(uint32(units), index, layout.BlockUsed), 1
	im.next += units * layout.Unit
	rest := (imageSize - im.next) / layout.Unit
	at[layout.Block](im, im.next).Word = layout.BlockWord(uint32(rest), 0, layout.BlockFree)
	return block, block + layout.BlockHeaderSize
}

// record is the record of object i.
func (im *image) record(i uint32) *layout.Object {
	return at[layout.Object](im, im.header.Pages[0]+uint64(i)*layout.ObjectSize)
}

func (im *image) object(name string, kind uint16, code byte, itemSize uint32, count uint64, lock bool) {
	im.count++
	o := im.record(im.count)
	hash := fnv.New64a()
	io.WriteString(hash, name)
	bucket := &im.header.Bucket[hash.Sum64()%layout.Buckets]
	o.Next, *bucket = *bucket, im.count
	o.NameHash, o.NameLen = hash.Sum64(), uint16(copy(o.Name[:], name))
	o.Kind, o.TypeCode, o.ItemSize, o.Align, o.Count = kind, code, itemSize, itemSize, count
	if lock {
		o.OwnerFormat, o.OwnerCount, o.OwnerStride, o.ItemsOff = layout.OwnerMutex32, 1, 64, 64
	}
	if code != 0 {
		o.Signature[0], o.SigLen = code, 1
	}
	o.Size = o.ItemsOff + count*uint64(itemSize)
	o.Block, o.Data = im.block(o.Size, im.count)
	o.State = layout.ObjectState(layout.ObjectReady|layout.ObjectNamed, 0, 1)
}

// write stores the image as a file.
func (im *image) write() string {
	im.t.Helper()
	path := filepath.Join(im.t.TempDir(), "segment")
	if err := os.WriteFile(path, im.bytes, 0o600); err != nil {
		im.t.Fatal(err)
	}
	return path
}

// read looks at a file again that processes have changed since.
func (im *image) read(path string) {
	im.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		im.t.Fatal(err)
	}
	copy(im.bytes, b)
}

// Go finds nothing wrong with a sound image, so the tests of damaged ones say
// something.
func TestImageIsSound(t *testing.T) { sound(t, newImage(t).write()) }

// word is the word of the mutex of object i.
func (im *image) word(i uint32) *uint32 { return &at[layout.Mutex](im, im.record(i).Data).Word }

func (im *image) participant(slot uint32) *layout.Participant {
	return at[layout.Participant](im, layout.ParticipantOff(slot))
}
