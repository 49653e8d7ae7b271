package storm

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
)

// Config is what a storm depends on.
type Config struct {
	Time  time.Duration
	Seed  uint64
	Procs int
	// Only is the name of the one actor that takes part, or "" for all. The processes
	// then have roles, if that actor knows some.
	Only string
}

const (
	segmentName0 = "storm"
	stall        = time.Minute // a lane that does nothing for so long hangs
	drain        = 3 * time.Minute
)

// storm is one run. One goroutine uses it, but for ledger.
type storm struct {
	Config
	t       testing.TB
	rand    *rand.Rand
	ledger  *ledger
	workers []*worker
	before  heapUse
	report  Report
}

// worker is one process of the storm, as the test sees it.
type worker struct {
	number      int
	incarnation uint32
	proc        *shmtest.Process
	killed      atomic.Bool   // by us: its end is no surprise
	gone        chan struct{} // closed when the ledger has read its last word
	err         error         // of the ledger, once gone
	stoppedTo   time.Time     // zero: not stopped
}

// Report is what happened.
type Report struct {
	Kills, Stops, Starts int
	Takeovers, Sweeps    uint64
	Operations           []Count
	Arenas               int
	Bytes                uint64
	Told                 []string // by actors, in their words
}

// Count is how often a kind of operation was acknowledged, and how often it was cut
// off.
type Count struct {
	Name         string
	Known, Other uint64
}

// Run lets a storm go for c.Time, and fails t if a law is broken.
func Run(t testing.TB, c Config) Report {
	s := &storm{
		Config: c, t: t, rand: rand.New(rand.NewPCG(c.Seed, 0x6b696c6c)),
		ledger: newLedger(cast(c.Only), c.Procs*lanesEach),
	}
	shmtest.Watchdog(t, c.Time+drain, s.dump)
	watching := make(chan struct{})
	defer close(watching)
	go s.watch(watching)
	s.setUp()
	for number := range c.Procs {
		s.workers = append(s.workers, &worker{number: number})
		s.start(number)
	}
	s.blow()
	s.calm()
	s.judge()
	s.sum()
	return s.report
}

// start gives a lane's number a new process.
func (s *storm) start(number int) {
	s.t.Helper()
	old := s.workers[number]
	w := &worker{number: number, incarnation: old.incarnation + 1, gone: make(chan struct{})}
	ours, theirs, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	w.proc = shmtest.StartWith(s.t, func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{theirs} }, helperName,
		segmentName0, strconv.FormatUint(s.Seed, 10), strconv.Itoa(number), strconv.Itoa(s.Procs), fmt.Sprint(w.incarnation), s.Only)
	theirs.Close()
	s.workers[number] = w
	s.report.Starts++
	go func() {
		w.err = s.ledger.follow(ours, number*lanesEach, w.incarnation)
		close(w.gone)
	}()
}

// await waits for the end of processes that were killed, or were told to end.
func (s *storm) await(w *worker) {
	s.t.Helper()
	if w.killed.Load() {
		w.proc.Kill()
		if state := w.proc.Cmd.ProcessState; state.Exited() {
			s.fail(w)
		}
	} else {
		w.proc.Wait()
	}
	<-w.gone
	if w.err != nil {
		s.t.Fatalf("process %d.%d: %v", w.number, w.incarnation, w.err)
	}
	s.ledger.rest(w.number * lanesEach)
}

// fail ends the test because of a process that ended by itself.
func (s *storm) fail(w *worker) {
	s.t.Helper()
	w.proc.Kill()
	s.dump()
	s.t.Fatalf("process %d.%d, lanes %d to %d: %v", w.number, w.incarnation,
		w.number*lanesEach, (w.number+1)*lanesEach-1, w.proc.Cmd.ProcessState)
}

// surprise fails the test if a process ended that nobody killed.
func (s *storm) surprise() {
	s.t.Helper()
	for _, w := range s.workers {
		select {
		case <-w.gone:
			s.fail(w)
		default:
		}
	}
}

// watch ends the test binary when a lane hangs.
func (s *storm) watch(end <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-end:
			return
		case <-tick.C:
		}
		if lane, d, doing := s.ledger.idle(); d > stall {
			shmtest.Hang(fmt.Sprintf("storm: lane %d made no progress for %v, %s; seed %d", lane, d.Round(time.Second), doing, s.Seed), s.dump)
		}
	}
}

// dump prints the state of the segment. Any goroutine may call it.
func (s *storm) dump() {
	found, err := shm.Check(segmentName0)
	fmt.Fprintln(os.Stderr, "storm: Check:", found, err)
	info, err := shm.Inspect(segmentName0)
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm: Inspect:", err)
		return
	}
	fmt.Fprintf(os.Stderr, "storm: %d of %d bytes, heap %+v\n", info.Bytes, info.MaxBytes, info.Heap)
	for _, p := range info.Participants {
		fmt.Fprintf(os.Stderr, "storm: participant %+v\n", p)
	}
	for _, o := range info.Objects {
		fmt.Fprintf(os.Stderr, "storm: object %d.%d %q %s %v: %d users, lock %v\n", o.Index, o.Generation, o.Name, o.Kind, o.Type, o.Users, o.Lock)
	}
}
