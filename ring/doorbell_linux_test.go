package ring_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func newDoorbell(t *testing.T, ws ...ring.Waitable) *ring.Doorbell {
	t.Helper()
	d, err := ring.NewDoorbell(ws...)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// bellFile is the descriptor of d as a file of its own.
func bellFile(t *testing.T, d *ring.Doorbell) *os.File {
	t.Helper()
	f, err := d.File()
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// drain takes all there is, and checks the order.
func drain(t *testing.T, q *ring.Queue[message], next uint64) uint64 {
	t.Helper()
	for {
		m, err := q.TryGet()
		if errors.Is(err, ring.ErrEmpty) {
			return next
		}
		if must(t, err); m.N != next {
			t.Fatalf("got %d, want %d", m.N, next)
		}
		next++
	}
}

const throughBell = 1000

// A thousand messages of another process, each time the descriptor is readable in the
// netpoller: none is missed, whether one takes first and clears then or the other way round.
func TestDoorbellInNetpoller(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	q := newQueue(t, 16)
	d := newDoorbell(t, newQueue(t, 1), q)
	f := bellFile(t, d)
	var b [8]byte
	for round := range 2 {
		child := startBusy(t, q, 1, throughBell)
		rings := 0
		for n := uint64(0); n < throughBell; rings++ {
			if round == 0 {
				_, err := f.Read(b[:]) // waits in the netpoller, and clears
				must(t, err)
				n = drain(t, q, n)
				continue
			}
			raw, err := f.SyscallConn()
			must(t, err)
			must(t, raw.Read(func(fd uintptr) bool { return readable(t, int(fd)) }))
			n = drain(t, q, n)
			must(t, d.Clear())
		}
		child.Wait()
		t.Logf("%d rings for %d messages", rings, throughBell)
	}
}

// readable asks poll(2).
func readable(t *testing.T, fd int) bool {
	t.Helper()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if err != unix.EINTR {
			must(t, err)
			return n > 0
		}
	}
}

// until waits in poll(2) until fd is readable.
func untilReadable(t *testing.T, fd int) {
	t.Helper()
	for !readable(t, fd) {
		time.Sleep(time.Millisecond)
	}
}

// A C program that has inherited the descriptor waits for it in epoll, and clears it by
// reading. A thousand messages, none is missed.
func TestDoorbellInC(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	q := newQueue(t, 16)
	d := newDoorbell(t, q)
	cmd := exec.Command(shmtest.BuildC(t, "testdata/doorbell.c"))
	cmd.ExtraFiles = []*os.File{bellFile(t, d)}
	c := shmtest.StartCommand(t, cmd)
	c.Expect("ready")
	child := startBusy(t, q, 1, throughBell)
	rings := 0
	for n := uint64(0); n < throughBell; rings++ {
		c.Expect("rang")
		n = drain(t, q, n)
	}
	child.Wait()
	t.Logf("%d rings for %d messages", rings, throughBell)
	c.Kill()
}

// The descriptor stays readable while something is there that nobody takes, and is not
// when nothing is.
func TestDoorbellIsLevel(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 4)
	d := newDoorbell(t, q)
	fd := int(d.Fd())
	for range 3 {
		must(t, d.Clear()) // of what is clear already
		must(t, q.Put(messageOf(1, 1)))
		for range 3 {
			untilReadable(t, fd)
			must(t, d.Clear()) // and take nothing
		}
		untilReadable(t, fd)
		_, err := q.TryGet()
		must(t, err)
		for readable(t, fd) { // the keeper may have looked before we took it
			must(t, d.Clear())
			runtime.Gosched()
		}
	}
	// Somebody else writes to it, and makes it a blocking one: that costs nothing but a look.
	f := bellFile(t, d)
	must(t, unix.SetNonblock(fd, false))
	_, err := f.Write(binary.NativeEndian.AppendUint64(nil, 1))
	must(t, err)
	must(t, q.Put(messageOf(1, 1)))
	for range 2 {
		untilReadable(t, fd)
		must(t, d.Clear())
		must(t, d.Clear())
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if must(t, err); flags&unix.FD_CLOEXEC == 0 {
		t.Error("it survives exec")
	}
	must(t, d.Close())
	is(t, "Clear", d.Clear(), ring.ErrDetached)
	is(t, "Close", d.Close(), ring.ErrDetached)
	if _, err := d.File(); !errors.Is(err, ring.ErrDetached) || d.Fd() != ^uintptr(0) {
		t.Errorf("File after Close: %v; Fd: %d", err, d.Fd())
	}
}

// Two hundred doorbells, each for a queue of its own: few threads, no CPU, and each rings.
func TestManyDoorbells(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	const many = 200
	qs, ws := queuesIn(t, segment(t), many, 1)
	var fds []int
	for _, w := range ws {
		fds = append(fds, int(newDoorbell(t, w).Fd()))
	}
	slumber(many)
	time.Sleep(200 * time.Millisecond) // going to sleep is not being idle
	before := cpuTime(t)
	time.Sleep(time.Second)
	used := cpuTime(t) - before
	t.Logf("%d doorbells: %d threads, %v of CPU in a second", many, threads(t), used)
	if n := threads(t); n >= 100 {
		t.Errorf("%d threads for %d doorbells", n, many)
	}
	for i, q := range qs {
		must(t, q.Put(messageOf(1, 1)))
		untilReadable(t, fds[i])
	}
}

func threads(t *testing.T) (n int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	_, after, _ := strings.Cut(string(status), "Threads:")
	fmt.Sscan(after, &n)
	return n
}

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A doorbell that is forgotten is closed.
func TestDoorbellForgotten(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 1)
	fd := func() int {
		d, err := ring.NewDoorbell(q)
		must(t, err)
		return int(d.Fd())
	}()
	for {
		runtime.GC()
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
