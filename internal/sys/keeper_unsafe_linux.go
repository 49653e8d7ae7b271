package sys

import (
	"runtime"
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

// keeper is the one thread of this process whose death the kernel announces. It
// ends with the process and at no other time.
var keeper struct {
	// mu guards the list against other writers. The kernel reads it at any time,
	// so every change is one store that leaves the list whole.
	mu   sync.Mutex
	tid  uint32
	list robustList // a global variable of Go does not move
}

// Watch makes the kernel announce the end of this process in *death: it will set
// FUTEX_OWNER_DIED there and wake one sleeper. node is the list node for the
// kernel; the distance from it to death must be the same in every call. Both must
// stay mapped until Unwatch.
func Watch(node *uint64, death *uint32) error {
	k := &keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	head := uintptr(unsafe.Pointer(&k.list))
	if k.tid == 0 {
		k.list.next = head
		k.list.futexOffset = int(uintptr(unsafe.Pointer(death)) - uintptr(unsafe.Pointer(node)))
		if err := startKeeper(); err != nil {
			return err
		}
	}
	// The word first: a node whose word does not name the keeper is skipped.
	atomic.StoreUint32(death, k.tid|futexWaiters)
	atomic.StoreUint64(node, uint64(k.list.next))
	atomic.StoreUintptr(&k.list.next, uintptr(unsafe.Pointer(node)))
	return nil
}

// Unwatch takes a node off the list; its memory may be unmapped after. It does
// nothing if the node is not on the list.
func Unwatch(node *uint64) {
	k := &keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	head, target := uintptr(unsafe.Pointer(&k.list)), uintptr(unsafe.Pointer(node))
	for at := &k.list.next; *at != head && *at != 0; at = nodeAt(*at) {
		if *at == target {
			atomic.StoreUintptr(at, uintptr(atomic.LoadUint64(node)))
			return
		}
	}
}

// nodeAt turns an address on the list back into a pointer. Nodes are in mapped
// memory, which the garbage collector neither moves nor frees.
func nodeAt(addr uintptr) *uintptr { return *(**uintptr)(unsafe.Pointer(&addr)) }

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
		var never uint32
		for {
			unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&never)), futexWait, 0, 0, 0, 0)
		}
	}()
	s := <-ready
	keeper.tid = s.tid
	return s.err
}
