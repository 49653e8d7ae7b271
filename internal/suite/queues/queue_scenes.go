package queues

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shmkit/internal/suite"
)

// The words of scripts: see package suite.
const (
	sleeps = suite.Sleeps
	ends   = suite.Ends
	dies   = suite.Dies
)

func at(who int, call, want string) suite.Step { return suite.At(who, call, want) }

// Basics: each sees what the others put and take, in order, up to the capacity.
//
// conformance
func Basics(t *testing.T, w *suite.World) {
	w.Everywhere(t, "queue2", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "cap", "2"), at(1, "cap", "2"),
			at(0, "len", "0"), at(0, "tryget", "empty"), at(1, "get 0", "timeout"), at(1, "get 20", "timeout"),
			at(0, "put 1", "ok"), at(1, "len", "1"),
			at(1, "put 2 0", "ok"), at(0, "len", "2"),
			at(0, "tryput 3", "full"), at(1, "put 3 0", "timeout"), at(0, "put 3 20", "timeout"),
			at(1, "get", "1"), at(0, "len", "1"),
			at(0, "tryput 4", "ok"), at(1, "tryput 5", "full"),
			at(0, "tryget", "2"), at(1, "get 0", "4"),
			at(0, "len", "0"), at(1, "tryget", "empty"),
		)
	})
}

// EmptyElsewhere: whether a queue is empty, each sees of what the other does.
//
// conformance: Q-11
func EmptyElsewhere(t *testing.T, w *suite.World) {
	w.Everywhere(t, "queue4", 2, func(s *suite.Stage) {
		s.Play(
			at(1, "len", "0"),
			at(0, "put 1", "ok"),
			at(0, "len", "1"),
			at(1, "len", "1"),
			at(1, "get", "1"),
			at(1, "len", "0"),
			at(0, "len", "0"),
		)
	})
}

// Waits: who waits for a message gets one, and who waits for room a place.
func Waits(t *testing.T, w *suite.World) {
	w.Everywhere(t, "queue1", 4, func(s *suite.Stage) {
		for _, a := range s.Actors[1:] {
			a.Block("get")
		}
		for n := range 3 {
			s.Actors[0].Do(fmt.Sprint("put ", n), "ok")
		}
		if got := suite.Gather(s.Actors[1:]...); !slices.Equal(got, []string{"0", "1", "2"}) {
			t.Errorf("got %v", got)
		}
		s.Actors[0].Do("put 9", "ok")
		for n, a := range s.Actors[1:] {
			a.Block(fmt.Sprint("put ", n))
		}
		var got []string
		for range 4 {
			got = append(got, s.Actors[0].Ask("get"))
		}
		slices.Sort(got)
		if !slices.Equal(got, []string{"0", "1", "2", "9"}) {
			t.Errorf("got %v", got)
		}
		if got := suite.Gather(s.Actors[1:]...); !slices.Equal(got, []string{"ok", "ok", "ok"}) {
			t.Errorf("put: %v", got)
		}
	})
}

// GivesUp: a Get that gives up swallows nothing, however close the message is.
func GivesUp(t *testing.T, w *suite.World) {
	w.Everywhere(t, "queue1", 2, func(s *suite.Stage) {
		late := 0
		for n := range 100 {
			s.Actors[1].Begin("get 1")
			time.Sleep(time.Duration(n%20) * 100 * time.Microsecond) // any instant will do
			s.Actors[0].Do(fmt.Sprint("put ", n), "ok")
			switch want := strconv.Itoa(n); suite.Gather(s.Actors[1])[0] {
			case want:
			case "timeout":
				late++
				s.Actors[1].Do("get 60000", want)
			default:
				t.Fatalf("message %d is not the one that came", n)
			}
		}
		t.Logf("%d of 100 gave up", late)
	})
}

// ClosedElsewhere: one closes the queue for all, and what is in it can be taken.
//
// conformance
func ClosedElsewhere(t *testing.T, w *suite.World) {
	w.Everywhere(t, "queue2", 3, func(s *suite.Stage) {
		s.Play(
			at(0, "put 1", "ok"), at(0, "put 2", "ok"),
			at(1, "put 3", sleeps),
			at(2, "close", "ok"),
			at(1, ends, "closed"),
			at(0, "tryput 4", "closed"), at(0, "close", "ok"),
			at(0, "get", "1"), at(1, "tryget", "2"),
			at(1, "get", "closed"), at(2, "tryget", "closed"), at(0, "len", "0"),
		)
	})
	w.Everywhere(t, "queue1", 2, func(s *suite.Stage) {
		s.Play(at(1, "get", sleeps), at(0, "close", "ok"), at(1, ends, "closed"))
	})
}

// Flow: nothing is lost, doubled or torn, and each sees the messages of each in order.
//
// conformance: Q-15
func Flow(t *testing.T, w *suite.World) {
	const producers, consumers, each = 2, 2, 2000
	for _, kind := range []string{"queue1", "queue64"} {
		w.Everywhere(t, kind, producers+consumers, func(s *suite.Stage) {
			for _, a := range s.Actors[producers:] {
				a.Begin("consume")
			}
			for from, a := range s.Actors[:producers] {
				a.Begin(fmt.Sprint("produce ", from, " ", each))
			}
			for _, answer := range suite.Gather(s.Actors[:producers]...) {
				if answer != "ok" {
					t.Error(answer)
				}
			}
			s.Actors[0].Do("close", "ok")
			all := flow{}
			for _, answer := range suite.Gather(s.Actors[producers:]...) {
				text, ok := strings.CutPrefix(answer, "took ")
				if !ok {
					t.Fatal(answer)
				}
				if err := all.merge(text); err != nil {
					t.Fatal(err)
				}
			}
			if err := all.whole(producers, each); err != nil {
				t.Error(err)
			}
		})
	}
}

// WaiterKilled: who waits and is killed takes no message with it, and no place.
func WaiterKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "queue1", 3, func(s *suite.Stage) {
		for range 3 {
			s.Play(
				at(1, "get", sleeps), at(2, "get", sleeps),
				at(1, dies, ""),
				at(0, "put 1", "ok"), at(2, ends, "1"),
				at(0, "len", "0"),
				at(0, "put 2", "ok"),
			)
			s.Recast(1)
			s.Play(
				at(1, "put 3", sleeps), at(2, "put 4", sleeps),
				at(1, dies, ""),
				at(0, "get", "2"), at(2, ends, "ok"),
				at(0, "get", "4"), at(0, "tryget", "empty"),
			)
			s.Recast(1)
		}
	})
}

// ProducerKilled: what was put is there, whoever is not.
func ProducerKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "queue4", 2, func(s *suite.Stage) {
		s.Play(
			at(1, "put 1", "ok"), at(1, "put 2", "ok"),
			at(1, dies, ""),
			at(0, "len", "2"), at(0, "get", "1"), at(0, "get", "2"), at(0, "tryget", "empty"),
		)
	})
}
