package sys

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// robustList is struct robust_list_head. The kernel walks it when the thread that
// registered it ends: for each node it looks at the futex word futexOffset bytes
// away, and if that names the dead thread it marks it and wakes one sleeper.
type robustList struct {
	next        uintptr // first node, or the head itself
	futexOffset int
	pending     uintptr
}

// keeperThread is the one thread of this process whose death the kernel announces. It
// ends with the process and at no other time.
type keeperThread struct {
	// mu guards what follows against other writers. The kernel reads the list at
	// any time, so every change of it is one store that leaves it whole.
	mu   sync.Mutex
	tid  uint32
	list robustList // a global variable of Go does not move

	// nodes is the list once more, first node last. Links are taken from here and
	// never read back from the nodes, which others can write.
	nodes []*uint64
}

var keeper keeperThread

// Watch makes the kernel announce the end of this process in *death: it will set
// FUTEX_OWNER_DIED there and wake one sleeper. node is the list node for the
// kernel, which visits the 2048 latest; for an older one only the loss of the
// locks tells.
//
// Preconditions:
//   - death is as far from node as in the first call of the process;
//   - both stay mapped until Unwatch.
func Watch(node *uint64, death *uint32) error {
	k := &keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	offset := int(uintptr(unsafe.Pointer(death)) - uintptr(unsafe.Pointer(node)))
	if k.tid == 0 {
		k.list.next, k.list.futexOffset = k.address(len(k.nodes)-1), offset
		if err := startKeeper(); err != nil {
			return err
		}
	}
	if offset != k.list.futexOffset {
		panic("sys: death word at another distance from its node")
	}
	// The word first: the kernel skips a node whose word does not name the keeper.
	// Killed after this store, the process is found dead by its lock alone.
	atomic.StoreUint32(death, k.tid|futexWaiters)
	if slices.Contains(k.nodes, node) {
		return nil // linked twice it would be a circle
	}
	atomic.StoreUint64(node, uint64(k.list.next))
	atomic.StoreUintptr(&k.list.next, uintptr(unsafe.Pointer(node)))
	k.nodes = append(k.nodes, node)
	return nil
}

// Unwatch takes a node off the list; its memory may be unmapped after. It does
// nothing if the node is not on the list.
func Unwatch(node *uint64) {
	k := &keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.Index(k.nodes, node)
	if i < 0 {
		return
	}
	if next := k.address(i - 1); i == len(k.nodes)-1 {
		atomic.StoreUintptr(&k.list.next, next)
	} else {
		atomic.StoreUint64(k.nodes[i+1], uint64(next))
	}
	k.nodes = slices.Delete(k.nodes, i, i+1)
}

// address is where node i is, or the head, which ends the list, for -1.
func (k *keeperThread) address(i int) uintptr {
	if i < 0 {
		return uintptr(unsafe.Pointer(&k.list))
	}
	return uintptr(unsafe.Pointer(k.nodes[i]))
}

// startKeeper starts the thread and waits until it is registered.
func startKeeper() error {
	type started struct {
		tid uint32
		err error
	}
	ready := make(chan started)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread must outlive the goroutine's work
		_, _, errno := unix.RawSyscall(unix.SYS_SET_ROBUST_LIST, uintptr(unsafe.Pointer(&keeper.list)), unsafe.Sizeof(keeper.list), 0)
		if errno != 0 {
			ready <- started{0, errno}
			return
		}
		ready <- started{uint32(unix.Gettid()), nil}
		for {
			unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&idle)), futexWait, 0, 0, 0, 0)
		}
	}()
	s := <-ready
	keeper.tid = s.tid
	return s.err
}
