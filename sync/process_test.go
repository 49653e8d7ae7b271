package sync_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }

func init() { shmtest.OnHang(func() { shm.Dump(os.Stderr) }) }

func init() {
	shmtest.Register("lock", lockOnRequest)
	shmtest.Register("count", countUnderLock)
	shmtest.Register("named", lockNamed)
}

// lockOnRequest opens a lock by its text and does what it is told.
func lockOnRequest(c *shmtest.Child) {
	var m shsync.Mutex
	c.Must(m.UnmarshalText([]byte(c.Args[0])))
	c.Say("ready")
	for {
		switch c.Hear() {
		case "lock":
			c.Say(errorName(m.Lock()))
		case "try":
			ok, err := m.TryLock()
			c.Say(ok, errorName(err))
		case "consistent":
			c.Say(errorName(m.MarkConsistent()))
		case "unlock":
			c.Say(errorName(m.Unlock()))
		case "close":
			c.Say(errorName(m.Close()))
		}
	}
}

func errorName(err error) string {
	for name, e := range map[string]error{
		"died": shsync.ErrOwnerDied, "unrecoverable": shsync.ErrNotRecoverable, "notheld": shsync.ErrNotHeld,
	} {
		if errors.Is(err, e) {
			return name
		}
	}
	return fmt.Sprint(err)
}

func text(t testing.TB, m *shsync.Mutex) string {
	t.Helper()
	b, err := m.MarshalText()
	must(t, err)
	return string(b)
}

func start(t testing.TB, m *shsync.Mutex) *shmtest.Process {
	t.Helper()
	p := shmtest.Start(t, "lock", text(t, m))
	p.Expect("ready")
	return p
}

func ask(p *shmtest.Process, question, want string) {
	p.Send(question)
	p.Expect(want)
}

// conformance: LK-04, LK-13, LK-14
func TestMutexBetweenProcesses(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	p := start(t, m)
	must(t, m.Lock())
	ask(p, "try", "false <nil>")
	ask(p, "unlock", "notheld")
	p.Send("lock")
	for !m.Info().Waiters {
		time.Sleep(100 * time.Microsecond)
	}
	must(t, m.Unlock())
	p.Expect("<nil>")
	if err := m.Unlock(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("Unlock of a lock that another process holds: %v", err)
	}
	if info := m.Info(); info.State != "held" || int(info.OwnerPID) != p.PID() {
		t.Errorf("%+v, want held by %d", info, p.PID())
	}
	ask(p, "unlock", "<nil>")
	must(t, m.Lock())
	must(t, m.Unlock())
}

// Each of two processes sees the other's holder killed, asleep and not.
func TestMutexHolderKilled(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	var took []time.Duration
	for range 30 {
		p := start(t, m)
		ask(p, "lock", "<nil>")
		got := make(chan error)
		go func() { got <- m.Lock() }()
		asleep(1)
		begin := time.Now()
		p.Signal(syscall.SIGKILL)
		if err := <-got; !errors.Is(err, shsync.ErrOwnerDied) {
			t.Fatalf("Lock after the holder was killed: %v", err)
		}
		took = append(took, time.Since(begin))
		must(t, m.MarkConsistent())
		must(t, m.Unlock())
		must(t, m.Lock()) // as good as new
		must(t, m.Unlock())
		p.Kill()
	}
	slices.Sort(took)
	t.Logf("from SIGKILL to the lock: median %v, longest %v", took[len(took)/2], took[len(took)-1])

	p := start(t, m)
	ask(p, "lock", "<nil>")
	p.Kill()
	if ok, err := m.TryLock(); !ok || !errors.Is(err, shsync.ErrOwnerDied) {
		t.Errorf("TryLock after the holder died: %v, %v", ok, err)
	}
	must(t, m.MarkConsistent())
	must(t, m.Unlock())
}

// A call of Lock that outlives two holders tells the others of both deaths: the
// kernel wakes one sleeper each time, and this may be it.
func TestMutexRelaysEveryDeath(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	start(t, m)
	start(t, m)
	seg, err := shm.Default()
	must(t, err)
	info, err := seg.Info()
	must(t, err)
	var owners []uint32
	for _, p := range info.Participants {
		if p.PID != pid && p.Alive {
			owners = append(owners, layout.Owner(p.Slot, p.Generation))
		}
	}
	last := owners[len(owners)-1]
	addr, val, ok := m.DeathWord(last)
	if len(owners) < 2 || !ok {
		t.Fatalf("owners %x", owners)
	}
	woken := make(chan error)
	go func() {
		_, err := sys.FutexWait([]sys.Word{{Addr: addr, Val: val}}, 20*time.Second)
		woken <- err
	}()
	for {
		select {
		case err := <-woken:
			must(t, err)
			return
		default:
			m.Relay(owners...)
		}
	}
}

// A warning that is passed on and on costs no wake-ups when nobody sleeps, and
// counts as one takeover.
func TestMutexWarningPassedOn(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	p, q := start(t, m), start(t, m)
	ask(p, "lock", "<nil>")
	q.Send("lock")
	for !m.Info().Waiters {
		time.Sleep(100 * time.Microsecond)
	}
	q.Kill()
	p.Kill()
	wrong := errors.New("not mine to repair")
	for range 3 {
		if err := m.With(func(bool) error { return wrong }); err != wrong {
			t.Fatalf("With: %v", err)
		}
		if info := m.Info(); info.State != "owner died" || info.Waiters || info.Takeovers != 0 {
			t.Errorf("passed on: %+v", info)
		}
	}
	must(t, m.With(func(died bool) error {
		if !died {
			t.Error("the warning is gone")
		}
		return nil
	}))
	if n := m.Info().Takeovers; n != 1 {
		t.Errorf("%d takeovers", n)
	}
}

// A process that leaves the segment with the lock held passes it on like one that
// died.
func TestMutexHolderLeaves(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	p := start(t, m)
	ask(p, "lock", "<nil>")
	ask(p, "close", "<nil>")
	if info := m.Info(); info.State != "owner died" {
		t.Errorf("after the last handle was closed: %v", info)
	}
	if err := m.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Errorf("got %v", err)
	}
	must(t, m.MarkConsistent())
	must(t, m.Unlock())
}

// countUnderLock adds to a plain counter under the lock, as often as it is told.
func countUnderLock(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	m, err := shsync.OpenMutex(seg, "lock")
	c.Must(err)
	o, err := seg.OpenObject("counter", counterSpec())
	c.Must(err)
	n, err := strconv.Atoi(c.Args[1])
	c.Must(err)
	counter := shm.Items[uint64](o)
	for range n {
		switch err := m.Lock(); {
		case errors.Is(err, shsync.ErrOwnerDied):
			c.Must(m.MarkConsistent())
		default:
			c.Must(err)
		}
		counter[0]++
		counter[1]++
		c.Must(m.Unlock())
	}
	c.Say("done")
}

func counterSpec() shm.Spec {
	typ, _ := shm.TypeOf[uint64]()
	return shm.Spec{Kind: shm.KindArray, Type: typ, Count: 2}
}

func counterSegment(t *testing.T) (*shm.Segment, *shsync.Mutex, []uint64) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	o, err := seg.NewObject("counter", counterSpec(), nil)
	must(t, err)
	t.Cleanup(func() {
		found, err := seg.Check()
		if err != nil || len(found) > 0 {
			t.Errorf("Check: %v %v", found, err)
		}
		m.Close()
		o.Close()
		seg.Close()
	})
	return seg, m, shm.Items[uint64](o)
}

func TestMutexCountsAcrossProcesses(t *testing.T) {
	watchdog(t)
	seg, _, counter := counterSegment(t)
	const workers, rounds = 4, 20000
	var all []*shmtest.Process
	for range workers {
		all = append(all, shmtest.Start(t, "count", seg.Path(), strconv.Itoa(rounds)))
	}
	for _, p := range all {
		p.Expect("done")
		p.Wait()
	}
	if counter[0] != workers*rounds {
		t.Errorf("counted %d of %d", counter[0], workers*rounds)
	}
}

// Workers are killed at random while they count. The law: the two counters differ
// by at most one per kill, and the survivors never stop.
func TestMutexCountsUnderFire(t *testing.T) {
	watchdog(t)
	seg, m, counter := counterSegment(t)
	const kills = 40
	steady := shmtest.Start(t, "count", seg.Path(), "100000000")
	for range kills {
		p := shmtest.Start(t, "count", seg.Path(), "100000000")
		for seen := counter[0] + 500; ; time.Sleep(50 * time.Microsecond) {
			if now := counter[0]; now > seen {
				break
			}
		}
		p.Kill()
	}
	steady.Kill()
	if err := m.Lock(); errors.Is(err, shsync.ErrOwnerDied) {
		must(t, m.MarkConsistent())
	} else {
		must(t, err)
	}
	if diff := counter[0] - counter[1]; diff > kills+1 {
		t.Errorf("counters %d and %d after %d kills", counter[0], counter[1], kills+1)
	}
	t.Logf("%d kills, %d rounds, %d torn", kills+1, counter[0], counter[0]-counter[1])
	must(t, m.Unlock())
}

// lockNamed locks a lock in a named segment, tells its own pid, and holds it.
func lockNamed(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	m, err := shsync.OpenMutex(seg, "lock")
	c.Must(err)
	c.Say("pid", os.Getpid())
	if c.Hear() == "lock" {
		c.Say(errorName(m.Lock()))
	}
	c.Park()
}

// Two processes with the same pid in two PID namespaces are told apart: one dies
// with the lock, the other lives and waits.
func TestMutexSamePIDInTwoNamespaces(t *testing.T) {
	watchdog(t)
	if os.Geteuid() != 0 {
		t.Skip("needs root to make PID namespaces")
	}
	seg, _, _ := counterSegment(t)
	inNamespace := func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	}
	p := shmtest.StartWith(t, inNamespace, "named", seg.Path())
	q := shmtest.StartWith(t, inNamespace, "named", seg.Path())
	p.Expect("pid 1")
	q.Expect("pid 1")
	ask(p, "lock", "<nil>")
	q.Send("lock")
	info, err := seg.Info()
	must(t, err)
	alive := 0
	for _, who := range info.Participants {
		if who.PID == 1 && who.Alive {
			alive++
		}
	}
	if alive != 2 {
		t.Errorf("%d live participants with pid 1, want 2", alive)
	}
	p.Kill()
	q.Expect("died")
}

// Without futex_waitv a waiter cannot sleep on the death word: it asks the kernel
// when its sleep ends, and gets the lock all the same.
func TestMutexWithoutWaitV(t *testing.T) {
	watchdog(t)
	defer sys.ForgoWaitV()()
	m := newMutex(t)
	for range 5 {
		p := start(t, m)
		ask(p, "lock", "<nil>")
		got := make(chan error)
		go func() { got <- m.Lock() }()
		asleep(1)
		p.Signal(syscall.SIGKILL)
		if err := <-got; !errors.Is(err, shsync.ErrOwnerDied) {
			t.Fatalf("got %v", err)
		}
		must(t, m.MarkConsistent())
		must(t, m.Unlock())
		p.Kill()
	}
}
