package process

import (
	"context"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"shmkit/internal/sys"
)

// Info says who a process is.
type Info struct {
	PID    int
	Name   string // MainProcess, unless it was started by this package
	Daemon bool   // it ends with its parent
}

// Current is this process.
func Current() Info {
	if born == nil {
		return Info{PID: os.Getpid(), Name: "MainProcess"}
	}
	return Info{os.Getpid(), born.order.Name, born.order.Daemon}
}

// Relative is the process that started this one. It may be used by several goroutines. It
// is told of the death of that process by the kernel.
type Relative struct {
	PID  int    // as that process saw it
	Name string // see Info
	file *os.File
}

// Parent is the process that started this one; ok is false in a process that this package
// did not start.
func Parent() (parent *Relative, ok bool) {
	if born == nil {
		return nil, false
	}
	return &Relative{born.order.Parent.PID, born.order.Parent.Name, born.parent}, true
}

// Alive tells whether the process has not ended.
func (r *Relative) Alive() bool { return !isOver(r.file) }

// Join waits for the end of the process, and gives up when ctx ends: it then returns the
// cause of ctx.
func (r *Relative) Join(ctx context.Context) error {
	return awaitContext(ctx, r.file)
}

var own = struct {
	children atomic.Int64
	key      func() []byte

	mu   sync.Mutex
	self *os.File // nil until it is needed
}{
	key: sync.OnceValue(newKey),
}

// nextIdentity is that of the next child.
func nextIdentity() string {
	n := strconv.FormatInt(own.children.Add(1), 10)
	if born != nil {
		return born.order.Identity + ":" + n
	}
	return n
}

// AuthKey is a secret that this process has in common with those that it starts, and they
// start, and with nobody else: 32 random bytes. It is a copy.
func AuthKey() []byte { return slices.Clone(own.key()) }

func newKey() []byte {
	if born != nil {
		return born.order.Key
	}
	key := make([]byte, 32)
	sys.Random(key)
	return key
}

// self is the descriptor of this process. If there is none now, there may be later.
func self() (file *os.File, err error) {
	own.mu.Lock()
	defer own.mu.Unlock()
	if own.self == nil {
		own.self, err = sys.Self()
	}
	return own.self, err
}
