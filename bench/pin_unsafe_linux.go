package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// allowed are the processors that this process may use.
func allowed() (cpus []int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, err
	}
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// possible tells whether there are the processors of p.
func (p placing) possible() error {
	cpus, err := allowed()
	for _, which := range p {
		if n, _ := strconv.Atoi(which); err == nil && n >= len(cpus) {
			return fmt.Errorf("%w: it needs %d processors", errLeftOut, n+1)
		}
	}
	return err
}

// numbers are those of the processors of p.
func (p placing) numbers() (text []string) {
	cpus, _ := allowed()
	for _, which := range p {
		n, _ := strconv.Atoi(which)
		text = append(text, strconv.Itoa(cpus[n]))
	}
	return text
}

// pin binds all threads of this process to one of the processors that it may use, if args
// says which. It goes on as if it had them all: the kernel may put any process anywhere.
func pin(args []string) error {
	if len(args) == 0 {
		return nil
	}
	number, err := strconv.Atoi(placing(args).numbers()[0])
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(runtime.NumCPU()) // and it stays so
	var only unix.CPUSet
	only.Set(number)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, _ := strconv.Atoi(t.Name())
		if err := unix.SchedSetaffinity(id, &only); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}

// nap is a sleep of this thread of which the runtime does not know: after a system call that
// it knows of and that took long, it wakes threads of its own.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}
