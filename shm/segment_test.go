package shm_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func must(t interface {
	Helper()
	Fatal(...any)
}, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create makes a segment that ends with the test, and is sound then.
func create(t testing.TB, name string, opts ...shm.Option) *shm.Segment {
	t.Helper()
	seg, err := shm.Create(name, opts...)
	must(t, err)
	t.Cleanup(func() {
		sound(t, seg)
		must(t, seg.Close())
		if err := shm.Remove(seg.Path()); err != nil && !errors.Is(err, shm.ErrNotFound) {
			t.Error(err)
		}
	})
	return seg
}

func sound(t testing.TB, seg *shm.Segment) {
	t.Helper()
	found, err := seg.Check()
	if err != nil {
		t.Error(err)
	}
	for _, v := range found {
		t.Errorf("%s: %v", seg.Path(), v)
	}
}

// conformance: SM-01, SM-04, RT-04
func TestSegmentNames(t *testing.T) {
	for _, name := range []string{"", "a\x00b", "/dev/shm/a\x00b", strings.Repeat("x", 201), ".hidden"} {
		if _, err := shm.Create(name); !errors.Is(err, shm.ErrName) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, syscall.EINVAL) {
			t.Errorf("Create(%q): %v", name, err)
		}
		if _, err := shm.Open(name); err == nil {
			t.Errorf("Open(%q) succeeded", name)
		}
		if err := shm.Remove(name); err == nil {
			t.Errorf("Remove(%q) succeeded", name)
		}
	}
	if _, err := shm.Create("large", shm.WithSize(1<<60)); !errors.Is(err, shm.ErrTooLarge) {
		t.Errorf("Create of 2^60 bytes: %v", err)
	}
	seg := create(t, "objects")
	for _, name := range []string{"a\x00b", strings.Repeat("x", 129)} {
		if _, err := shsync.NewMutexIn(seg, name); !errors.Is(err, shm.ErrName) {
			t.Errorf("object %q: %v", name, err)
		}
	}
	if _, err := shsync.OpenMutex(seg, ""); !errors.Is(err, shm.ErrName) {
		t.Errorf("object without a name: %v", err)
	}
}

// conformance: SM-02, SM-03, SM-06
func TestSegmentLife(t *testing.T) {
	if _, err := shm.Open("life"); !errors.Is(err, shm.ErrNotFound) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open before Create: %v", err)
	}
	seg, err := shm.Create("life", shm.WithSize(4096))
	must(t, err)
	if _, err := shm.Create("life"); !errors.Is(err, shm.ErrExists) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v", err)
	}
	again, err := shm.OpenOrCreate("life")
	must(t, err)
	if again.ID() != seg.ID() {
		t.Error("OpenOrCreate gave another segment")
	}
	o, err := seg.NewObject("bytes", bytesSpec(10), nil)
	must(t, err)
	copy(shm.Items[byte](o), "0123456789")
	o2, err := again.OpenObject("bytes", bytesSpec(0))
	must(t, err)
	if s := string(shm.Items[byte](o2)); s != "0123456789" {
		t.Errorf("second handle sees %q", s)
	}
	h, err := o.Handle()
	must(t, err)
	must(t, shm.Remove("life"))
	if err := shm.Remove("life"); !errors.Is(err, shm.ErrNotFound) {
		t.Errorf("second Remove: %v", err)
	}
	shm.Items[byte](o)[0] = 'x' // who has it open goes on
	if shm.Items[byte](o2)[0] != 'x' {
		t.Error("the handles parted")
	}
	recreated := create(t, "life")
	if recreated.ID() == seg.ID() {
		t.Error("a new segment has the ID of the old one")
	}
	sound(t, seg)
	must(t, o.Close())
	must(t, o2.Close())
	if err := o2.Close(); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("one Close too many: %v", err)
	}
	must(t, seg.Close())
	must(t, again.Close())
	if err := seg.Close(); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
	if _, err := seg.NewObject("x", bytesSpec(1), nil); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("NewObject after Close: %v", err)
	}
	if _, err := shm.OpenHandle(h, bytesSpec(0)); !errors.Is(err, shm.ErrGone) {
		t.Errorf("handle of a segment that is gone: %v", err)
	}
}

// Named objects stay, anonymous ones go with their last user.
func TestObjectLife(t *testing.T) {
	seg := create(t, "objects-life")
	named, err := seg.NewObject("n", bytesSpec(1000), nil)
	must(t, err)
	anonymous, err := seg.NewObject("", bytesSpec(1000), nil)
	must(t, err)
	count := func() int {
		info, err := seg.Info()
		must(t, err)
		return len(info.Objects)
	}
	if n := count(); n != 2 {
		t.Errorf("%d objects", n)
	}
	must(t, named.Close())
	must(t, anonymous.Close())
	if n := count(); n != 1 {
		t.Errorf("%d objects after Close, want the named one", n)
	}
	named, err = seg.OpenObject("n", bytesSpec(0))
	must(t, err)
	must(t, seg.RemoveObject("n"))
	if err := seg.RemoveObject("n"); !errors.Is(err, shm.ErrNotFound) {
		t.Errorf("second RemoveObject: %v", err)
	}
	if n := count(); n != 1 {
		t.Errorf("%d objects: it must live while it is used", n)
	}
	second, err := seg.NewObject("n", bytesSpec(1), nil) // the name is free
	must(t, err)
	must(t, named.Close())
	must(t, second.Close())
	must(t, seg.RemoveObject("n"))
	if n := count(); n != 0 {
		t.Errorf("%d objects at the end", n)
	}
	info, err := seg.Info()
	must(t, err)
	if info.Heap.Blocks != 1 {
		t.Errorf("%d blocks in use, want the directory page alone", info.Heap.Blocks)
	}
}

// Wrong type, size or kind: an error that tells both.
func TestObjectTypes(t *testing.T) {
	seg := create(t, "types")
	f64, _ := shm.TypeOf[float64]()
	i64, _ := shm.TypeOf[int64]()
	spec := shm.Spec{Kind: shm.KindValue, Type: f64, Count: 1, Mutex: true}
	o, err := seg.NewObject("v", spec, nil)
	must(t, err)
	defer o.Close()
	for _, want := range []shm.Spec{
		{Kind: shm.KindValue, Type: i64, Mutex: true},
		{Kind: shm.KindArray, Type: f64, Mutex: true},
		{Kind: shm.KindValue, Type: f64},
	} {
		_, err := seg.OpenObject("v", want)
		var both *shm.TypeError
		if !errors.As(err, &both) || !errors.Is(err, shm.ErrType) {
			t.Errorf("%v: %v", want, err)
		} else if both.Have == both.Want {
			t.Errorf("the error does not tell them apart: %v", err)
		}
	}
}

// Many objects: pages are added, names are found, everything is given back.
func TestManyObjects(t *testing.T) {
	seg := create(t, "many", shm.WithSize(4096), shm.WithMaxSize(64<<20))
	const n = 3000
	var open [n]*shm.Object
	for i := range open {
		var err error
		open[i], err = seg.NewObject("o"+string(rune('0'+i%10))+strings.Repeat("x", i%100)+itoa(i), bytesSpec(uint64(i%700)), nil)
		must(t, err)
	}
	sound(t, seg)
	for i := range open {
		must(t, seg.RemoveObject("o"+string(rune('0'+i%10))+strings.Repeat("x", i%100)+itoa(i)))
		must(t, open[i].Close())
	}
	info, err := seg.Info()
	must(t, err)
	if len(info.Objects) != 0 {
		t.Errorf("%d objects are left", len(info.Objects))
	}
}

func itoa(i int) string {
	var b [8]byte
	for k := range b {
		b[7-k] = byte('0' + i%10)
		i /= 10
	}
	return string(b[:])
}

// A full disk is an error when memory is asked for.
func TestNoSpace(t *testing.T) {
	var fsInfo syscall.Statfs_t
	must(t, syscall.Statfs("/dev/shm", &fsInfo))
	free := fsInfo.Blocks * uint64(fsInfo.Bsize)
	path := filepath.Join("/dev/shm", "shmkit-test-nospace-"+itoa(os.Getpid()))
	if _, err := shm.Create(path, shm.WithSize(free+1<<30)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Create larger than /dev/shm: %v", err)
		os.Remove(path)
	}
	seg := create(t, "full", shm.WithSize(4096), shm.WithMaxSize(1<<20))
	if _, err := seg.NewObject("", bytesSpec(2<<20), nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("object larger than the segment may become: %v", err)
	}
	var all []*shm.Object
	for {
		o, err := seg.NewObject("", bytesSpec(10000), nil)
		if err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("when full: %v", err)
			}
			break
		}
		all = append(all, o)
	}
	if len(all) < 50 {
		t.Errorf("only %d objects of 10,000 bytes in 1 MiB", len(all))
	}
	for _, o := range all {
		must(t, o.Close())
	}
	o, err := seg.NewObject("", bytesSpec(300000), nil) // frees were given back, and joined
	must(t, err)
	must(t, o.Close())
}

func TestForeignFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	must(t, os.WriteFile(path, []byte(strings.Repeat("no segment ", 50000)), 0o600))
	if _, err := shm.Open(path); !errors.Is(err, shm.ErrMagic) {
		t.Errorf("Open: %v", err)
	}
	if err := shm.Remove(path); !errors.Is(err, shm.ErrMagic) {
		t.Errorf("Remove: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("Remove took a file that is no segment")
	}
}

// The default heap has no file until something leaves the process, and none after.
func TestDefaultHeap(t *testing.T) {
	files := func() (n int) {
		entries, _ := os.ReadDir(shm.Dir())
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "anon-") {
				n++
			}
		}
		return n
	}
	must(t, shm.CloseDefault())
	before := files()
	m, err := shsync.NewMutex()
	must(t, err)
	if files() != before {
		t.Error("a file before anything was sent")
	}
	_, err = m.MarshalText()
	must(t, err)
	if files() != before+1 {
		t.Error("no file after a handle was encoded")
	}
	must(t, m.Close())
	must(t, shm.CloseDefault())
	if files() != before {
		t.Error("the file outlived its last user")
	}
}

// Opening and closing again and again does not run out of address space: each
// mapping reserves 64 GiB of 128 TiB.
func TestManyMappings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seg")
	seg, err := shm.Create(path)
	must(t, err)
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	must(t, m.Close())
	must(t, seg.Close())
	for range 5000 {
		seg, err := shm.Open(path)
		must(t, err)
		m, err := shsync.OpenMutex(seg, "lock")
		must(t, err)
		must(t, m.Lock())
		must(t, m.Unlock())
		must(t, m.Close())
		must(t, seg.Close())
	}
}

// A relative $SHMKIT_DIR makes absolute paths: handles travel.
func TestRelativeDir(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(shm.DirEnv, "a/b")
	seg := create(t, "here")
	if !filepath.IsAbs(seg.Path()) {
		t.Errorf("path %q", seg.Path())
	}
	if info, err := os.Stat("a/b/here"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", info, err)
	}
}
