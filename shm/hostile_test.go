package shm_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"shmkit/internal/layout"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// refused is every error that a damaged file may give.
var refused = []error{
	shm.ErrSize, shm.ErrMagic, shm.ErrVersion, shm.ErrFingerprint, shm.ErrFeatures, shm.ErrCorrupt,
	shm.ErrNotFound, shm.ErrType, shm.ErrSlots, shm.ErrTooLarge, shm.ErrExists,
	shsync.ErrNotRecoverable, syscall.ENOSPC,
}

func typed(err error) bool {
	for _, want := range refused {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

// sample is the bytes of a sound segment with a few objects in it. Nobody is
// attached to it.
func sample(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample")
	seg, err := shm.Create(path, shm.WithSize(64<<10), shm.WithMaxSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		m, err := shsync.NewMutexIn(seg, name)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		o, err := seg.NewObject("bytes-"+name, bytesSpec(100), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := seg.Close(); err != nil {
		t.Fatal(err)
	}
	return b
}

func bytesSpec(n uint64) shm.Spec {
	typ, _ := shm.TypeOf[byte]()
	return shm.Spec{Kind: shm.KindBytes, Type: typ, Count: n}
}

// probe does with a file what a process would, and fails unless each step works
// or gives a typed error. That it ends at all, without SIGSEGV or SIGBUS, is the
// other half of the test.
func probe(t testing.TB, image []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	ok := func(step string, err error) bool {
		if err != nil && !typed(err) {
			t.Fatalf("%s: error of no documented kind: %v", step, err)
		}
		return err == nil
	}
	_, err := shm.Check(path)
	ok("Check", err)
	_, err = shm.Inspect(path)
	ok("Inspect", err)
	seg, err := shm.Open(path)
	if !ok("Open", err) {
		return
	}
	defer seg.Close()
	for _, name := range []string{"a", "b", "c", "none"} {
		if m, err := shsync.OpenMutex(seg, name); ok("OpenMutex", err) {
			if _, err := m.TryLock(); err == nil || errors.Is(err, shsync.ErrOwnerDied) {
				m.Unlock()
			}
			m.Close()
		}
		if o, err := seg.OpenObject("bytes-"+name, bytesSpec(0)); ok("OpenObject", err) {
			clear(shm.Items[byte](o))
			o.Close()
		}
	}
	if o, err := seg.NewObject("new", bytesSpec(5000), nil); ok("NewObject", err) {
		clear(shm.Items[byte](o))
		o.Close()
	}
	ok("RemoveObject", seg.RemoveObject("b"))
	seg.Check()
}

func TestHostileTruncated(t *testing.T) {
	image := sample(t)
	for _, n := range []int{0, 1, 7, 8, 100, 4607, 4608, layout.FirstArena, layout.FirstArena + 1, len(image) / 2, len(image) - 1} {
		path := filepath.Join(t.TempDir(), "short")
		if err := os.WriteFile(path, image[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := shm.Open(path); !errors.Is(err, shm.ErrSize) {
			t.Errorf("%d of %d bytes: %v, want ErrSize", n, len(image), err)
		}
	}
	probe(t, make([]byte, len(image)))
}

// Each field of the header has its own error.
func TestHostileHeader(t *testing.T) {
	image := sample(t)
	for _, c := range []struct {
		off  int
		want error
	}{{0, shm.ErrMagic}, {8, shm.ErrVersion}, {12, shm.ErrCorrupt}, {16, shm.ErrFingerprint}, {31, shm.ErrFeatures}} {
		bad := append([]byte(nil), image...)
		bad[c.off] ^= 0x40
		path := filepath.Join(t.TempDir(), "bad")
		os.WriteFile(path, bad, 0o600)
		if _, err := shm.Open(path); !errors.Is(err, c.want) {
			t.Errorf("byte %d flipped: %v, want %v", c.off, err, c.want)
		}
		if _, err := shm.Check(path); !errors.Is(err, c.want) {
			t.Errorf("Check, byte %d flipped: %v, want %v", c.off, err, c.want)
		}
	}
}

// Every byte of the header but the zero padding, one bit at a time.
func TestHostileBitFlips(t *testing.T) {
	image := sample(t)
	for off := 0; off < 512; off++ {
		bad := append([]byte(nil), image...)
		bad[off] ^= 1 << (off % 8)
		probe(t, bad)
	}
}

// Random words over everything that is not payload.
func TestHostileRandom(t *testing.T) {
	image := sample(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	rounds := 600
	if testing.Short() {
		rounds = 100
	}
	for range rounds {
		bad := append([]byte(nil), image...)
		for range 1 + r.IntN(4) {
			scribble(r, bad)
		}
		probe(t, bad)
	}
}

// scribble changes one word to something an attacker would try.
func scribble(r *rand.Rand, b []byte) {
	ranges := [][2]int{{128, 4608}, {4608, 4608 + 1024}, {layout.FirstArena, layout.FirstArena + 8192}}
	in := ranges[r.IntN(len(ranges))]
	off := in[0] + r.IntN((in[1]-in[0])/8)*8
	v := []uint64{0, 1, 2, 1 << 31, 1 << 32, 1 << 62, ^uint64(0), ^uint64(0) - 7, r.Uint64(), uint64(len(b)), uint64(off), layout.FirstArena}[r.IntN(12)]
	if r.IntN(2) == 0 {
		binary.LittleEndian.PutUint32(b[off:], uint32(v))
	} else {
		binary.LittleEndian.PutUint64(b[off:], v)
	}
}

func FuzzSegment(f *testing.F) {
	f.Add(uint32(0), uint64(0), uint32(128), uint64(1))
	f.Add(uint32(layout.FirstArena), ^uint64(0), uint32(4608), uint64(1<<32))
	image := sample(f)
	f.Fuzz(func(t *testing.T, off1 uint32, v1 uint64, off2 uint32, v2 uint64) {
		bad := append([]byte(nil), image...)
		for _, e := range []struct {
			off uint32
			v   uint64
		}{{off1, v1}, {off2, v2}} {
			binary.LittleEndian.PutUint64(bad[int(e.off)%(len(bad)-8):], e.v)
		}
		probe(t, bad)
	})
}

func FuzzHandle(f *testing.F) {
	f.Add([]byte("shmkit1:00112233445566778899aabbccddeeff:1.1:%2Ftmp%2Fx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var h shm.Handle
		if err := h.UnmarshalText(b); err == nil {
			text, _ := h.MarshalText()
			var again shm.Handle
			if err := again.UnmarshalText(text); err != nil || again != h {
				t.Fatalf("%q became %q: %v", b, text, err)
			}
		} else if !errors.Is(err, shm.ErrHandle) {
			t.Fatalf("%q: %v is no ErrHandle", b, err)
		}
		if err := h.UnmarshalBinary(b); err != nil && !errors.Is(err, shm.ErrHandle) {
			t.Fatalf("%q: %v is no ErrHandle", b, err)
		}
	})
}

// What is no regular file is refused, and not waited for.
func TestHostileKinds(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, fifo, "/dev/null"} {
		if _, err := shm.Open(path); err == nil {
			t.Errorf("%s opened as a segment", path)
		}
	}
	if _, err := shm.Open(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// A name chain that leads back to itself ends at once, not after as many steps as
// a full table has records.
func TestHostileChain(t *testing.T) {
	image := sample(t)
	page := binary.LittleEndian.Uint64(image[264:]) // header.Pages[0]
	for i := uint64(1); i < 8; i++ {
		binary.LittleEndian.PutUint32(image[page+i*layout.ObjectSize+16:], uint32(i)) // object[i].Next = i
	}
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := shm.Check(path); err != nil || len(found) == 0 {
		t.Errorf("Check: %v, %v", found, err)
	}
	probe(t, image)
}
