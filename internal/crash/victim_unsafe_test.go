//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
)

func init() { shmtest.Register("victim", beVictim) }

// phaseName is the file through which a victim and the test tell each other how
// far the operation is, without a system call.
const phaseName = "phase"

const (
	waiting uint32 = iota // the victim spins
	running               // it may go on
	begun                 // the next instruction is the operation's
	over                  // the last one was
)

// asleep bounds the sleeps of a victim. Usually it is less than it may take until the
// tracer has seen one; then the victim would look around and sleep once more.
const asleep = 10 * time.Second

// phase is the shared page.
type phase struct{ now, cancelled uint32 }

func (p *phase) set(now uint32)     { atomic.StoreUint32(&p.cancelled, 0); atomic.StoreUint32(&p.now, now) }
func (p *phase) is(now uint32) bool { return atomic.LoadUint32(&p.now) == now }

// cancel ends the context of the operation.
func (p *phase) cancel() { atomic.StoreUint32(&p.cancelled, 1) }

func mapPhase(path string) (*phase, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Truncate(4096); err != nil {
		return nil, err
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*phase)(unsafe.Pointer(unsafe.SliceData(b))), nil
}

func unmapPhase(p *phase) { syscall.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(p)), 4096)) }

// newPhase maps the file of a scene.
func newPhase(t testing.TB, dir string) *phase {
	t.Helper()
	p, err := mapPhase(filepath.Join(dir, phaseName))
	must(t, err)
	t.Cleanup(func() { unmapPhase(p) })
	return p
}

// victim is the process that is killed, from inside.
type victim struct {
	*shmtest.Child
	dir    string
	handle string // of the other lock
	phase  *phase
	cast
}

// beVictim does one operation between two phases, on a thread that is not the
// first: the test traces that thread and must not take the end of the process from
// its parent, which waits for the first.
func beVictim(c *shmtest.Child) {
	runtime.LockOSThread()
	park.Patience, park.Slice = time.Hour, asleep
	v := &victim{Child: c, dir: c.Args[0], handle: c.Args[2]}
	var err error
	v.phase, err = mapPhase(filepath.Join(v.dir, phaseName))
	c.Must(err)
	op := find(c.Args[1])
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		growStack()
		v.warm()
		run := op.prepare(v)
		c.Say(syscall.Getpid(), syscall.Gettid())
		for !v.phase.is(running) {
		}
		preemptible() // by now the runtime wants to preempt this goroutine: let it
		// The test lets the thread run to this call, which nothing else makes by then.
		syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0)
		atomic.StoreUint32(&v.phase.now, begun)
		run()
		atomic.StoreUint32(&v.phase.now, over)
		c.Say("over")
		close(done)
	}()
	<-done
	c.Park()
}

// context is one that the test ends.
func (v *victim) context() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for atomic.LoadUint32(&v.phase.cancelled) == 0 {
			time.Sleep(50 * time.Microsecond) // how often to look
		}
		cancel()
	}()
	return ctx
}

func find(name string) operation {
	for _, op := range operations() {
		if op.name == name {
			return op
		}
	}
	panic("no operation " + name)
}

// growStack makes room for what is to come: the runtime must not copy the stack in
// the middle of the operation.
//
//go:noinline
func growStack() byte {
	var room [64 << 10]byte
	room[os.Getpid()%len(room)] = 1
	return room[0]
}

// preemptible is a call at whose beginning the runtime looks whether it wants the
// thread for another goroutine.
//
//go:noinline
func preemptible() byte {
	var room [256]byte
	room[os.Getpid()%len(room)] = 1
	return room[1]
}
