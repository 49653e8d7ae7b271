package manager_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"shmkit/internal/history"
	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/ring"
)

func init() { shmtest.Register("queue-history", recordQueue) }

// recordQueue puts and takes at random. The victim, client 0, only puts: what a Get that
// never returned has taken is not known.
func recordQueue(c *shmtest.Child) {
	q, err := manager.OpenQueue[int](dialed(c), "q")
	c.Must(err)
	client, _ := strconv.Atoi(c.Args[2])
	n, _ := strconv.Atoi(c.Args[3])
	rng := rand.New(rand.NewPCG(uint64(client), uint64(n)))
	c.Say("ready")
	c.Hear()
	for i := range n {
		switch dice := rng.IntN(8); {
		case client == 0 || dice < 3:
			m := 1000000*client + i
			history.Do(c.Say, client, fmt.Sprintf("put %d", m), func() string { return toldQueue(q.TryPut(m)) })
		case dice < 7:
			history.Do(c.Say, client, "get", func() string {
				m, err := q.TryGet()
				if err != nil {
					return toldQueue(err)
				}
				return fmt.Sprint(m)
			})
		default:
			history.Do(c.Say, client, "len", func() string { return fmt.Sprint(q.Len()) })
		}
	}
}

func toldQueue(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ring.ErrFull):
		return "full"
	case errors.Is(err, ring.ErrEmpty):
		return "empty"
	}
	return err.Error()
}

const playRoom = 3

// playState is the state machine of a Queue. What the victim asked for last may be done after
// its death, as long as it is on its way.
type playState struct {
	n     int
	items [playRoom]string
}

func playLaw(s playState, op history.Op) (bool, playState) {
	switch {
	case op.In == history.Kill:
		return true, s
	case op.In == "len":
		return op.Out == fmt.Sprint(s.n), s
	case op.In == "get" && op.Out == "empty":
		return s.n == 0, s
	case op.In == "get":
		possible := s.n > 0 && s.items[0] == op.Out
		if possible {
			copy(s.items[:], s.items[1:])
			s.n--
			s.items[s.n] = ""
		}
		return possible, s
	case op.Out == "full":
		return s.n == playRoom, s
	case op.Out != "ok" && op.Out != history.Open:
		return false, s
	case s.n == playRoom:
		return op.Out == history.Open, s // it saw that
	}
	s.items[s.n] = op.In[len("put "):]
	s.n++
	return true, s
}

func playQueue(t *testing.T, family string, n int, kill bool) *history.History {
	t.Helper()
	w := newWorld(t, family)
	_, err := manager.NewQueue[int](w.dial(t), playRoom, manager.Named("q"))
	must(t, err)
	victim, players := history.Nobody, []*shmtest.Process(nil)
	for client := range 4 {
		count := n
		if kill && client == 0 {
			victim, count = 0, 1<<30 // it does not end by itself
		}
		p := w.start(t, "queue-history", strconv.Itoa(client), strconv.Itoa(count))
		p.Expect("ready")
		players = append(players, p)
	}
	return history.Play(players, victim, n)
}

// What four clients see of one queue has an order, also if one that puts is killed at any
// instant: first in first out, with the capacity and the length exact.
func TestQueueLinearizable(t *testing.T) {
	shmtest.Watchdog(t, 3*time.Minute)
	unfinished := 0
	for round := range 12 {
		h := playQueue(t, families[round%len(families)], 20+round, round%2 == 0)
		unfinished += h.Unfinished()
		if err := history.Check(h, playLaw, playState{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d Puts were cut off", unfinished)
}

// The test of the test: one answer changed, and there is no order.
func TestQueueNotLinearizable(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, wrong := range [][2]string{{"get", "8000000"}, {"len", "4"}, {"put 9000000", "closed"}} {
		h := playQueue(t, "shm", 10, false)
		say := func(args ...any) { line := fmt.Sprintln(args...); h.Add(line[:len(line)-1]) }
		history.Do(say, 9, wrong[0], func() string { return wrong[1] })
		if history.Check(h, playLaw, playState{}) == nil {
			t.Errorf("%v was accepted", wrong)
		}
	}
}
