//go:build linux && (amd64 || arm64)

package crash_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"shmkit/internal/crash"
	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

var (
	full = flag.Bool("full", false, "kill at every event, not at a sample")
	seed = flag.Uint64("seed", 0, "seed of the sample; 0 for a new one")
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }

func init() {
	shmtest.Register("victim", victim)
	shmtest.Register("survivor", survive)
}

// The phases of a victim, in the first word of a mapped file.
const (
	waiting uint32 = iota
	running
	over
)

func phaseFile(path string) *uint32 {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if err := f.Truncate(4096); err != nil {
		panic(err)
	}
	return (*uint32)(unsafe.Pointer(unsafe.SliceData(mapFile(f, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE))))
}

func mapFile(f *os.File, off int64, n, prot int) []byte {
	b, err := syscall.Mmap(int(f.Fd()), off, n, prot, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	return b
}

// victim does one operation between two phases, on one thread.
func victim(c *shmtest.Child) {
	path, phase := c.Args[0], phaseFile(c.Args[1])
	for _, op := range operations {
		if op.name != c.Args[2] {
			continue
		}
		warm(c, filepath.Dir(path))
		run := op.prepare(c, path)
		runtime.LockOSThread()
		c.Say(syscall.Gettid())
		for atomic.LoadUint32(phase) != running {
		}
		run()
		atomic.StoreUint32(phase, over)
	}
	c.Park()
}

// scene is a segment that victims are killed on.
type scene struct {
	t      *testing.T
	dir    string
	seg    *shm.Segment
	shared [][]byte
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, dir: t.TempDir()}
	path := filepath.Join(s.dir, "seg")
	seg, err := shm.Create(path, shm.WithSize(4096), shm.WithMaxSize(1<<30))
	must(t, err)
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	v, err := value.NewIn(seg, "value", uniform(1))
	must(t, err)
	must(t, m.Close())
	must(t, v.Close())
	s.seg = seg
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	info, err := f.Stat()
	must(t, err)
	s.shared = [][]byte{
		mapFile(f, 0, 8192, syscall.PROT_READ), // header and the first participants
		mapFile(f, layout.FirstArena, int(info.Size())-layout.FirstArena, syscall.PROT_READ),
	}
	t.Cleanup(func() {
		for _, b := range s.shared {
			syscall.Munmap(b)
		}
		must(t, seg.Close())
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// kill runs op until so many events have happened, kills it there, and returns
// how many did and after how many instructions.
func (s *scene) kill(op operation, events int) (n, steps int) {
	s.t.Helper()
	phasePath := filepath.Join(s.dir, "phase")
	os.Remove(phasePath)
	phase := phaseFile(phasePath)
	defer syscall.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(phase)), 4096))
	p := shmtest.StartWith(s.t, quiet, "victim", s.seg.Path(), phasePath, op.name)
	defer p.Kill()
	tid, err := strconv.Atoi(p.Line())
	must(s.t, err)
	st, err := crash.Attach(tid, s.shared...)
	must(s.t, err)
	atomic.StoreUint32(phase, running)
	n, err = st.Run(events, func() bool { return atomic.LoadUint32(phase) == over })
	must(s.t, err)
	p.Signal(syscall.SIGKILL)
	must(s.t, st.Close())
	p.Kill()
	return n, st.Steps
}

// quiet keeps the runtime from preempting a thread that seems to run for long: it
// would be stepped through signal handlers for ever.
func quiet(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "GODEBUG=asyncpreemptoff=1", "GOGC=off") }

// look is what must hold after each kill, before anybody cleans up and after.
func (s *scene) look(where string) {
	s.t.Helper()
	s.sound(where + ", nobody has cleaned up yet")
	p := shmtest.Start(s.t, "survivor", s.seg.Path())
	if line := p.Line(); line != "survived" {
		s.t.Fatalf("%s: %s", where, line)
	}
	p.Wait()
	s.sound(where + ", after a survivor")
	info, err := s.seg.Info()
	must(s.t, err)
	if len(info.Participants) != 1 || len(info.Objects) != 2 {
		s.t.Fatalf("%s: %d participants and %d objects are left, want 1 and 2", where, len(info.Participants), len(info.Objects))
	}
}

func (s *scene) sound(where string) {
	s.t.Helper()
	found, err := s.seg.Check()
	must(s.t, err)
	for _, v := range found {
		s.t.Fatalf("%s: %v", where, v)
	}
}

// Each operation is killed after each event (with -full; else after a sample of
// them), and what is left must be as good as new.
func TestKillAtEveryEvent(t *testing.T) {
	shmtest.Need("victim", "survivor")
	if testing.Short() {
		t.Skip("steps through hundreds of thousands of instructions: not with -short")
	}
	shmtest.Watchdog(t, 30*time.Minute)
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	r := rand.New(rand.NewPCG(*seed, 1))
	t.Logf("seed %d", *seed)
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			if op.slow && !*full {
				t.Skip("only with -full")
			}
			s := newScene(t)
			total, steps := s.kill(op, 1<<30)
			s.look(op.name + ": over")
			points := r.Perm(total)
			if !*full {
				points = points[:min(len(points), 1+100/max(total, 1))]
			}
			for _, k := range points {
				s.kill(op, k)
				s.look(fmt.Sprintf("%s: killed after event %d of %d", op.name, k, total))
			}
			t.Logf("%d instructions, %d events, killed at %d", steps, total, len(points)+1)
		})
	}
}
