package sync_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"shmkit/internal/history"
	"shmkit/internal/shmtest"
	shsync "shmkit/sync"
)

func init() { shmtest.Register("history", recordLocks) }

// recordLocks takes a lock and gives it back, again and again. The victim, client 0,
// does not call TryLock: what a call that never returned has answered is not known.
func recordLocks(c *shmtest.Child) {
	var m shsync.Mutex
	c.Must(m.UnmarshalText([]byte(c.Args[0])))
	client, _ := strconv.Atoi(c.Args[1])
	n, _ := strconv.Atoi(c.Args[2])
	rng := rand.New(rand.NewPCG(uint64(client), uint64(n)))
	c.Say("ready")
	c.Hear()
	for range n {
		var got bool
		var err error
		in, take := "lock", func() string {
			err = m.Lock()
			got = true
			return errorName(err)
		}
		if client > 0 && rng.IntN(3) == 0 {
			in, take = "try", func() string {
				if got, err = m.TryLock(); !got && err == nil {
					return "false"
				}
				return errorName(err)
			}
		}
		history.Do(c.Say, client, in, take)
		if !got {
			continue
		}
		if err != nil {
			history.Do(c.Say, client, "consistent", func() string { return errorName(m.MarkConsistent()) })
		}
		history.Do(c.Say, client, "unlock", func() string { return errorName(m.Unlock()) })
	}
}

// lockState is the state machine of a Mutex.
type lockState struct {
	holder int  // client, or free
	died   bool // a holder died inside, and nobody has repaired it
	gone   uint // clients that were killed, as bits
}

const free = -1

func lockStep(s lockState, op history.Op) (bool, lockState) {
	is := func(want string) bool { return op.Out == history.Open || op.Out == want }
	if s.gone&(1<<op.Client) != 0 {
		return op.Out == history.Open, s // it did not happen
	}
	switch {
	case op.In == history.Kill:
		s.gone |= 1 << op.Client
		if s.holder == op.Client {
			s.holder, s.died = free, true
		}
		return true, s
	case op.In == "try" && op.Out == "false":
		return s.holder != free, s
	case op.In == "lock", op.In == "try":
		want := "<nil>"
		if s.died {
			want = "died"
		}
		possible := s.holder == free && is(want)
		s.holder = op.Client
		return possible, s
	case s.holder != op.Client:
		return false, s
	case op.In == "consistent":
		possible := s.died && is("<nil>")
		s.died = false
		return possible, s
	}
	s.holder = free
	return is("<nil>"), s
}

func playLocks(t *testing.T, m *shsync.Mutex, n int, kill bool) *history.History {
	t.Helper()
	victim, players := history.Nobody, []*shmtest.Process(nil)
	for client := range 4 {
		count := n
		if kill && client == 0 {
			victim, count = 0, 1<<30 // it does not end by itself
		}
		p := shmtest.Start(t, "history", text(t, m), strconv.Itoa(client), strconv.Itoa(count))
		p.Expect("ready")
		players = append(players, p)
	}
	return history.Play(players, victim, n)
}

// What four processes see of one lock has an order, also if one is killed at any
// instant: with the lock, waiting for it, or between. If it had the lock, the next
// one is told, and nobody else.
func TestMutexLinearizable(t *testing.T) {
	watchdog(t)
	told := 0
	for round := 0; round < 20 || told == 0; round++ { // until a holder was killed
		m := newMutex(t)
		h := playLocks(t, m, 20+round%20, round%4 != 0)
		if err := history.Check(h, lockStep, lockState{holder: free}); err != nil {
			t.Fatal(err)
		}
		for _, op := range h.Ops() {
			if op.Out == "died" {
				told++
			}
		}
	}
	t.Logf("%d times somebody was told that a holder had died", told)
}

// The test of the test: one answer changed, and there is no order.
func TestMutexNotLinearizable(t *testing.T) {
	watchdog(t)
	for _, wrong := range [][2]string{{"lock", "died"}, {"try", "false"}, {"unlock", "<nil>"}, {"consistent", "<nil>"}} {
		h := playLocks(t, newMutex(t), 10, false)
		say := func(args ...any) { line := fmt.Sprintln(args...); h.Add(line[:len(line)-1]) }
		history.Do(say, 9, wrong[0], func() string { return wrong[1] })
		begin := time.Now()
		if history.Check(h, lockStep, lockState{holder: free}) == nil {
			t.Errorf("%v of a free lock was accepted", wrong)
		}
		t.Logf("%v: refused after %v", wrong, time.Since(begin))
	}
}
