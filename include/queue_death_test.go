package include_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/array"
	"shmkit/ring"
	"shmkit/shm"
)

// leaseEnv makes the test binary a process that takes a message of the queue of the
// segment it names, and a loan, and then waits for its end.
const leaseEnv = "SHMKIT_TEST_LEASE"

func init() {
	if path := os.Getenv(leaseEnv); path != "" {
		leaseAndWait(path)
	}
}

func leaseAndWait(path string) {
	seg, err := shm.Open(path)
	if err == nil {
		var q *ring.Queue[message]
		if q, err = ring.Open[message](seg, "queue"); err == nil {
			_, e := q.TryLoan()
			_, err = q.Lease()
			err = errors.Join(err, e)
		}
	}
	fmt.Println("held", err)
	select {}
}

// wholeQueue sees that each place and block is free.
func wholeQueue(t *testing.T, q *ring.Queue[message]) {
	t.Helper()
	loans := []*ring.Loan[message]{}
	for {
		l, err := q.TryLoan()
		if errors.Is(err, ring.ErrFull) {
			break
		}
		need(t, err)
		loans = append(loans, l)
	}
	if want := q.Cap() + 64; len(loans) != want {
		t.Errorf("%d blocks are free, want %d", len(loans), want)
	}
	for n, l := range loans {
		*l.Value = messageOf(9, uint64(n))
		err := l.TryPublish()
		if n < q.Cap() && err != nil || n >= q.Cap() && !errors.Is(err, ring.ErrFull) {
			t.Errorf("publish %d: %v", n, err)
		}
		if n >= q.Cap() {
			need(t, l.Abandon())
		}
	}
	for n := range uint64(q.Cap()) {
		if m, err := q.TryGet(); err != nil || m != messageOf(9, n) {
			t.Errorf("%+v %v, want %d", m, err, n)
		}
	}
}

// What a C process that is killed had goes to Go at once, and the other way round.
func TestQueueHolderKilled(t *testing.T) {
	exe, err := os.Executable()
	need(t, err)
	for range 3 {
		_, q, path := queueOf(t, 2)
		p := openQueue(t, path)
		p.want(ok, "put", 1, 1)
		p.says("1 1 0", "lease")
		p.want(ok, "loan")
		got := make(chan error, 1)
		go func() {
			l, err := q.Lease()
			if err == nil && (*l.Value != messageOf(1, 1) || l.Deliveries() != 1) {
				err = fmt.Errorf("%+v, %d deliveries", *l.Value, l.Deliveries())
			}
			got <- errors.Join(err, l.Ack())
		}()
		eventually(t, "never waited", func() bool { return q.Info().Getting })
		p.kill()
		need(t, <-got)
		wholeQueue(t, q)

		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), leaseEnv+"="+path)
		out, err := cmd.StdoutPipe()
		need(t, err)
		need(t, q.Put(messageOf(1, 2)))
		need(t, cmd.Start())
		var text, fault string
		if _, err := fmt.Fscanln(out, &text, &fault); err != nil || fault != "<nil>" {
			t.Fatalf("holder says %q %q, %v", text, fault, err)
		}
		c := openQueue(t, path)
		c.send("lease")
		need(t, cmd.Process.Kill())
		if got := c.wantAnswer(ok); got != "1 2 1" {
			t.Fatal(got)
		}
		cmd.Wait()
		c.want(ok, "ack")
		wholeQueue(t, q)
	}
}

// A C program that never waits gets what a dead one had too.
func TestQueueTriesAfterDeath(t *testing.T) {
	_, q, path := queueOf(t, 2)
	need(t, q.Put(messageOf(1, 1)))
	a, b := openQueue(t, path), openQueue(t, path)
	a.says("1 1 0", "lease")
	b.want(empty, "trylease")
	a.kill()
	eventually(t, "the message did not come back", func() bool { b.send("trylease"); code, _ := b.answer(); return code == ok })
	b.want(ok, "ack")
	wholeQueue(t, q)
}

// Where only C programs run, one of them takes back what another had when it was killed:
// messages, and blocks, all of them. The slot of the dead stays for Go.
func TestQueueCAlone(t *testing.T) {
	seg, q, path := queueOf(t, 3)
	need(t, q.Put(messageOf(1, 1)))
	need(t, q.Put(messageOf(1, 2)))
	need(t, q.Detach())
	need(t, seg.Close())
	b := openQueue(t, path)
	for n := range 4 {
		a := openQueue(t, path)
		a.says(fmt.Sprintf("1 1 %d", n), "lease")
		for range 3 + 64 - 2 {
			a.want(ok, "loan")
		}
		b.want(noRoom, "tryloan")
		switch n {
		case 0: // a consumer that waits
			b.says("1 2 0", "lease")
			b.send("lease")
			a.kill()
			if got := b.wantAnswer(ok); got != "1 1 1" {
				t.Fatal(got)
			}
			b.want(ok, "nack") // of 1 1; that of 1 2 was dropped
			b.want(ok, "release")
			b.want(ok, "find", "queue")
			b.says("1 1 2", "lease")
			b.want(ok, "release")
			b.want(ok, "find", "queue")
		case 1, 2: // one who wants a block
			b.send("loan")
			a.kill()
			b.wantAnswer(ok)
			b.want(ok, "abandon")
		case 3: // and one who does not wait
			a.kill()
			eventually(t, "no block came back", func() bool { b.send("tryloan"); code, _ := b.answer(); return code == ok })
			b.want(ok, "abandon")
		}
		if n == 0 { // it was given back more often on the way
			b.says("1 1 3", "lease")
			b.want(ok, "ack")
			b.says("1 2 1", "lease")
			b.want(ok, "ack")
			b.want(ok, "put", 1, 1)
			b.want(ok, "put", 1, 2)
			b.says("1 1 0", "lease")
			b.want(ok, "nack")
		}
	}
	if s := openQueue(t, path).slot(); s != 5 {
		t.Errorf("slot %d, want 5: C does not move into the slots of the dead", s)
	}
	sound(t, path)
	seg, err := shm.Open(path)
	need(t, err)
	defer seg.Close()
	q, err = ring.Open[message](seg, "queue")
	need(t, err)
	for n := range uint64(2) {
		if m, err := q.TryGet(); err != nil || m != messageOf(1, n+1) {
			t.Errorf("%+v %v, want %d", m, err, n+1)
		}
	}
	b.want(ok, "release")
	wholeQueue(t, q)
	need(t, q.Detach())
}

// kills is how many processes a test kills.
func kills(most int) int {
	if testing.Short() {
		return most / 5
	}
	return most
}

// someTime passes before a kill: only when to kill, nothing waits for it.
func someTime() { time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond) }

func notesOf(t *testing.T, seg *shm.Segment, n int) *array.Array[uint64] {
	t.Helper()
	notes, err := array.NewIn[uint64](seg, "notes", n)
	need(t, err)
	t.Cleanup(func() { notes.Close() })
	return notes
}

// C producers are killed at random. What one of them knows to be in the queue arrives,
// once, in order, and at most one message more; Go and C take it.
func TestQueueProducersKilled(t *testing.T) {
	seg, q, path := queueOf(t, 5)
	rounds := kills(60)
	notes := notesOf(t, seg, rounds+2)
	var mu sync.Mutex
	seen := make([]map[uint64]bool, rounds+2)
	for i := range seen {
		seen[i] = map[uint64]bool{}
	}
	var consumers sync.WaitGroup
	for range 2 {
		consumers.Go(func() {
			for {
				m, err := q.Get()
				if errors.Is(err, ring.ErrClosed) {
					return
				}
				mu.Lock()
				if err != nil || m.From >= uint64(len(seen)) || m != messageOf(m.From, m.N) || seen[m.From][m.N] {
					t.Errorf("got %+v, %v", m, err)
					mu.Unlock()
					return
				}
				seen[m.From][m.N] = true
				mu.Unlock()
			}
		})
	}
	start := func(from int) *peer {
		p := openQueue(t, path)
		p.want(ok, "notes", "notes")
		p.send("stream", from, 0)
		return p
	}
	running := []*peer{start(0), start(1)}
	for i := range rounds {
		someTime()
		running[i%2].kill()
		running[i%2] = start(i + 2)
	}
	for _, p := range running {
		p.kill()
	}
	need(t, q.Close())
	consumers.Wait()
	total := 0
	for from, got := range seen {
		known := notes.At(from)
		if n := uint64(len(got)); n < known || n > known+1 {
			t.Errorf("producer %d: %d messages, it knows of %d", from, n, known)
		}
		for n := range uint64(len(got)) {
			if !got[n] {
				t.Errorf("producer %d: message %d is not there, later ones are", from, n)
			}
		}
		total += len(got)
	}
	t.Logf("%d kills, %d messages", rounds+2, total)
}

// C consumers are killed at random. Each message is dealt with; more than once only if its
// count of deliveries said so.
func TestQueueConsumersKilled(t *testing.T) {
	seg, q, path := queueOf(t, 16)
	const most = 1 << 20
	notes := notesOf(t, seg, most)
	var stop atomic.Bool
	put := uint64(0)
	var all sync.WaitGroup
	all.Go(func() {
		for ; !stop.Load() && put < most; put++ {
			if err := q.Put(messageOf(1, put)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	start := func() *peer {
		p := openQueue(t, path)
		p.want(ok, "notes", "notes")
		p.send("eat")
		return p
	}
	running := []*peer{start(), start(), start()}
	for i := range kills(60) {
		someTime()
		running[i%3].kill()
		running[i%3] = start()
	}
	stop.Store(true)
	all.Wait()
	for _, p := range running[1:] {
		p.kill()
	}
	need(t, q.Close())
	running[0].wantAnswer(atEnd)
	again := 0
	for n := range put {
		w := notes.At(int(n))
		done, redelivered := w&(1<<32-1), w>>32
		if done < 1 || done > redelivered+1 {
			t.Errorf("message %d was dealt with %d times, %d of them were told that it had come back", n, done, redelivered)
		}
		again += int(redelivered)
	}
	t.Logf("%d kills, %d messages, %d came back", kills(60)+2, put, again)
	if info := q.Info(); info.Len != 0 || info.Puts != put || info.Gets != put {
		t.Errorf("%+v, want %d", info, put)
	}
}

// C processes that do all that there is are killed at random, while Go and another C
// process get on. Afterwards each place and block is free.
func TestQueueChurnKilled(t *testing.T) {
	_, q, path := queueOf(t, 2)
	survivor := openQueue(t, path)
	running := []*peer{}
	for i := range 2 {
		p := openQueue(t, path)
		p.send("churn", i)
		running = append(running, p)
	}
	for i := range kills(100) {
		someTime()
		running[i%2].kill()
		if err := q.TryPut(messageOf(8, 0)); err != nil && !errors.Is(err, ring.ErrFull) {
			t.Fatal(err)
		}
		if m, err := q.TryGet(); err == nil && m != messageOf(m.From, m.N) || err != nil && !errors.Is(err, ring.ErrEmpty) {
			t.Fatal(m, err)
		}
		survivor.send("tryget")
		if code, text := survivor.answer(); code != empty && (code != ok || text == "torn") {
			t.Fatal(code, text)
		}
		p := openQueue(t, path)
		p.send("churn", i)
		running[i%2] = p
	}
	for _, p := range running {
		p.kill()
	}
	// Whoever waits finds the dead, and what they had.
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		m, err := q.GetContext(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil || m != messageOf(m.From, m.N) {
			t.Fatal(m, err)
		}
	}
	wholeQueue(t, q)
}

// What a dead process had comes back to a C program that takes messages and always finds
// some, without a wait.
func TestQueueComesBackToBusyC(t *testing.T) {
	for _, capacity := range []int{8, 1000} {
		_, q, path := queueOf(t, capacity)
		holder, busy := openQueue(t, path), openQueue(t, path)
		holder.want(ok, "put", 7, 0)
		holder.says("7 0 0", "lease")
		for n := range uint64(4) {
			need(t, q.Put(messageOf(1, n)))
		}
		busy.want(ok, "tryget")
		holder.kill()
		for busy.want(ok, "trylease") != "7 0 1" {
			busy.want(ok, "ack")
			busy.want(ok, "tryput", 1, 1)
		}
		busy.want(ok, "nack")
		for busy.want(ok, "trylease") != "7 0 2" {
			busy.want(ok, "nack")
		}
		busy.want(ok, "ack")
	}
}
