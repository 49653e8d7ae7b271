package ring

import (
	"context"
	"os"
	"runtime"
	"sync/atomic"

	"shmkit/internal/sys"
)

// Doorbell is a descriptor for those who wait in epoll, poll or select, in Go, C or anything
// else: it is readable while one of several Waitables is ready, until somebody clears it.
//
// The contract: who reads its 8 bytes, or calls Clear, in whatever process, makes the
// descriptor unreadable; the bell then looks at all Waitables again and makes it readable
// if one is ready, at once or when that comes. So nothing is missed, whether one takes
// first and clears then or the other way round. One who clears and takes nothing finds it
// readable again. Readable is a hint: where there are several consumers another one may be
// first, so take with Try methods.
//
// Use [NewDoorbell]; a Doorbell must not be copied. All methods may be called concurrently,
// and beside all methods of what it rings for. A goroutine looks while the descriptor is
// not readable, and otherwise does nothing; it is one of those that share a few threads. A
// Doorbell that is forgotten is closed. It belongs to one process. If that dies, another one
// that has inherited the descriptor hears nothing any more: it has to watch the process.
type Doorbell struct {
	keeper  *keeper
	cleanup runtime.Cleanup
}

// NewDoorbell makes a Doorbell for ws. Errors: those of eventfd(2).
func NewDoorbell(ws ...Waitable) (*Doorbell, error) {
	file, err := sys.Event()
	if err != nil {
		return nil, err
	}
	k := &keeper{ws: ws, file: file, done: make(chan struct{})}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	if k.raw, err = file.SyscallConn(); err != nil {
		return nil, err
	}
	go k.run()
	d := &Doorbell{keeper: k}
	d.cleanup = runtime.AddCleanup(d, func(k *keeper) { go k.stop() }, k)
	return d, nil
}

// Fd is the descriptor. It is the doorbell's: it is closed by Close, and does not survive
// exec. ^uintptr(0) after Close.
func (d *Doorbell) Fd() (fd uintptr) {
	fd = ^uintptr(0)
	d.keeper.raw.Control(func(f uintptr) { fd = f })
	runtime.KeepAlive(d)
	return fd
}

// File is the descriptor as a file of its own, for the caller to close: to be read in Go,
// where that costs no thread, or to be given to a child. Errors: [ErrDetached] after Close.
func (d *Doorbell) File() (f *os.File, err error) {
	if e := d.keeper.raw.Control(func(fd uintptr) { f, err = sys.Duplicate(int(fd), "doorbell") }); e != nil {
		return nil, ErrDetached
	}
	runtime.KeepAlive(d)
	return f, err
}

// Clear makes the descriptor unreadable until one of the Waitables is found ready, from now
// on. It does not wait. Errors: [ErrDetached] after Close.
func (d *Doorbell) Clear() (err error) {
	if e := d.keeper.raw.Control(func(fd uintptr) { err = sys.ClearEvent(int(fd)) }); e != nil {
		return ErrDetached
	}
	runtime.KeepAlive(d)
	return err
}

// Close closes the descriptor, and returns when nobody looks any more. Descriptors that
// File gave, or that a child has, stay as they are and change no more. A second Close gives
// [ErrDetached].
func (d *Doorbell) Close() error {
	if d.keeper.closed.Swap(true) {
		return ErrDetached
	}
	d.cleanup.Stop()
	d.keeper.stop()
	return nil
}

// keeper is the goroutine that rings. It does not keep the Doorbell from being forgotten.
type keeper struct {
	ws     []Waitable
	file   *os.File
	raw    sys.RawConn
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	closed atomic.Bool
}

func (k *keeper) run() {
	defer close(k.done)
	for {
		if _, err := Wait(k.ctx, k.ws...); err != nil || k.ring() != nil {
			return
		}
	}
}

// ring makes the descriptor readable, and returns when somebody has cleared it.
func (k *keeper) ring() (err error) {
	rung := false
	e := k.raw.Write(func(fd uintptr) bool {
		if !rung {
			rung = true
			err = sys.RingEvent(int(fd))
		}
		return err != nil || sys.Writable(int(fd))
	})
	if err == nil {
		err = e
	}
	return err
}

func (k *keeper) stop() {
	k.cancel()
	k.file.Close()
	<-k.done
}
