package sync_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	outcomes["broken"] = shsync.ErrBroken
	for _, n := range []int{1, 2, 3, 5} {
		performers[fmt.Sprintf("barrier%d", n)] = performer{
			make: func(seg *shm.Segment, name string) (shared, error) { return shsync.NewBarrierIn(seg, name, n) },
			open: openBarrier,
		}
	}
	performers["impatient"] = performer{
		make: func(seg *shm.Segment, name string) (shared, error) {
			return shsync.NewBarrierIn(seg, name, 3, shsync.BarrierTimeout(30*time.Millisecond))
		},
		open: openBarrier,
	}
}

func openBarrier(text string) (closer, func(args []string) string, error) {
	b := new(shsync.Barrier)
	err := b.UnmarshalText([]byte(text))
	acted := 0
	wait := func(ctx context.Context, action func() error) string {
		i, err := b.WaitAction(ctx, action)
		if err != nil {
			if i != -1 {
				return fmt.Sprintf("%v with index %d", err, i)
			}
			if errors.Is(err, shsync.ErrBroken) && errors.Is(err, context.DeadlineExceeded) {
				return "timeout"
			}
			return outcome(err)
		}
		return strconv.Itoa(i)
	}
	return b, func(args []string) string {
		switch args[0] {
		case "wait":
			ctx, cancel := limit(args, 1)
			defer cancel()
			return wait(ctx, nil)
		case "act":
			return wait(context.Background(), func() error { acted++; return nil })
		case "fail":
			return wait(context.Background(), func() error { return errors.New("no") })
		case "panic":
			defer func() { recover() }()
			return wait(context.Background(), func() error { panic("no") })
		case "acted":
			return strconv.Itoa(acted)
		case "laps":
			n, _ := strconv.Atoi(args[1])
			for range n {
				if _, err := b.Wait(); err != nil {
					return outcome(err)
				}
			}
			return "ok"
		case "abort":
			return outcome(b.Abort())
		case "reset":
			return outcome(b.Reset())
		case "state":
			return fmt.Sprintf("%d/%d,%v", b.Waiting(), b.Parties(), b.Broken())
		case "close":
			return outcome(b.Close())
		}
		return "what?"
	}, err
}

// lap lets all actors make a call, and gives the sorted answers.
func (s *stage) lap(call string) []string {
	for _, a := range s.actors {
		a.begin(call)
	}
	return gather(s.actors...)
}

var indices = []string{"0", "1", "2", "3", "4"}

// conformance: BR-01, BR-02, BR-03
func TestBarrierLaps(t *testing.T) {
	everywhere(t, "barrier5", 5, func(s *stage) {
		for lap := range 11 {
			if got := s.lap("wait"); !slices.Equal(got, indices) {
				t.Fatalf("lap %d: %v", lap, got)
			}
			s.actors[lap%5].do("state", "0/5,false")
		}
		if got := s.lap("laps 300"); !slices.Equal(got, slices.Repeat([]string{"ok"}, 5)) {
			t.Error(got)
		}
	})
}

// The index is the order of arrival, and whoever is missing is waited for.
func TestBarrierOrder(t *testing.T) {
	everywhere(t, "barrier3", 3, func(s *stage) {
		s.play(
			step{2, "wait", sleeps},
			step{0, "state", "1/3,false"},
			step{0, "wait", sleeps},
			step{1, "state", "2/3,false"},
			step{1, "wait", "2"},
			step{2, ends, "0"},
			step{0, ends, "1"},
		)
	})
}

// The action runs once a lap, before anybody goes on.
//
// conformance: BR-04
func TestBarrierAction(t *testing.T) {
	everywhere(t, "barrier5", 5, func(s *stage) {
		for lap := 1; lap <= 5; lap++ {
			if got := s.lap("act"); !slices.Equal(got, indices) {
				t.Fatalf("%v", got)
			}
			sum := 0
			for _, answer := range s.lap("acted") {
				n, _ := strconv.Atoi(answer)
				sum += n
			}
			if sum != lap {
				t.Fatalf("the action ran %d times in %d laps", sum, lap)
			}
		}
	})
}

// While the action runs nobody goes on, and whoever comes then waits for the next
// generation.
func TestBarrierActionFirst(t *testing.T) {
	watchdog(t)
	b, err := shsync.NewBarrier(2)
	must(t, err)
	acting, on, over := make(chan bool), make(chan bool), atomic.Bool{}
	var all sync.WaitGroup
	all.Go(func() {
		if i, err := b.Wait(); i != 0 || err != nil || !over.Load() {
			t.Errorf("first: %d %v, after the action: %v", i, err, over.Load())
		}
	})
	asleep(1)
	all.Go(func() {
		i, err := b.WaitAction(context.Background(), func() error {
			close(acting)
			<-on
			over.Store(true)
			return nil
		})
		if i != 1 || err != nil {
			t.Errorf("last: %d %v", i, err)
		}
	})
	<-acting
	if info := b.Info(); !info.Acting || info.Waiting != 2 {
		t.Errorf("%+v", info)
	}
	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := b.WaitContext(short); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, shsync.ErrBroken) {
		t.Errorf("came during the action, with a time limit: %v", err)
	}
	other := fmt.Errorf("another barrier: %w", shsync.ErrBroken)
	if _, err := b.WaitContext(endedBy(other)); !errors.Is(err, context.Canceled) || errors.Is(err, shsync.ErrBroken) {
		t.Errorf("came during the action, ended because another barrier broke: %v", err)
	}
	got := make(chan int)
	go func() {
		i, err := b.Wait()
		must(t, err)
		got <- i
	}()
	asleep(2)
	close(on)
	all.Wait()
	i, err := b.Wait()
	must(t, err)
	if i+<-got != 1 {
		t.Errorf("the generation after: index %d", i)
	}
	must(t, b.Close())
}

// conformance: BR-12
func TestBarrierActionFails(t *testing.T) {
	for _, how := range []string{"fail", "panic"} {
		everywhere(t, "barrier3", 3, func(s *stage) {
			last := map[string]string{"fail": "broken", "panic": ""}[how]
			s.play(
				step{0, how, sleeps},
				step{1, how, sleeps},
				step{2, how, last},
				step{0, ends, "broken"},
				step{1, ends, "broken"},
				step{0, "state", "0/3,true"},
				step{1, "wait", "broken"},
				step{1, "reset", "ok"},
				step{2, "state", "0/3,false"},
			)
			if got := s.lap("act"); !slices.Equal(got, indices[:3]) {
				t.Error(got)
			}
		})
	}
}

// conformance: BR-05
func TestBarrierAbort(t *testing.T) {
	everywhere(t, "barrier5", 5, func(s *stage) {
		s.play(
			step{0, "wait", sleeps},
			step{1, "wait", sleeps},
			step{2, "wait", sleeps},
			step{3, "wait", sleeps},
			step{4, "abort", "ok"},
		)
		if got := gather(s.actors[:4]...); !slices.Equal(got, slices.Repeat([]string{"broken"}, 4)) {
			t.Error(got)
		}
		s.play(step{4, "state", "0/5,true"}, step{4, "abort", "ok"}, step{4, "wait", "broken"})
	})
}

// conformance: BR-06, BR-07
func TestBarrierReset(t *testing.T) {
	everywhere(t, "barrier3", 3, func(s *stage) {
		for range 3 {
			s.play(
				step{0, "wait", sleeps},
				step{1, "wait", sleeps},
				step{2, "reset", "ok"},
				step{0, ends, "broken"},
				step{1, ends, "broken"},
				step{2, "state", "0/3,false"},
			)
			if got := s.lap("wait"); !slices.Equal(got, indices[:3]) {
				t.Error(got)
			}
			s.play(
				step{1, "wait", sleeps},
				step{0, "abort", "ok"},
				step{2, "reset", "ok"},
				step{1, ends, "broken"},
			)
			if got := s.lap("wait"); !slices.Equal(got, indices[:3]) {
				t.Error(got)
			}
		}
	})
}

func TestBarrierDeadline(t *testing.T) {
	everywhere(t, "barrier3", 3, func(s *stage) {
		s.play(
			step{0, "wait", sleeps},
			step{1, "wait 20", "timeout"},
			step{0, ends, "broken"},
			step{2, "wait 20", "broken"},
			step{2, "reset", "ok"},
			step{2, "wait 0", "timeout"},
		)
	})
}

// conformance: BR-09
func TestBarrierDefaultTimeout(t *testing.T) {
	everywhere(t, "impatient", 3, func(s *stage) {
		s.play(step{1, "wait", "timeout"}, step{0, "state", "0/3,true"}, step{2, "wait", "broken"})
	})
}

// conformance: BR-10
func TestBarrierAlone(t *testing.T) {
	everywhere(t, "barrier1", 1, func(s *stage) {
		s.play(step{0, "wait", "0"}, step{0, "wait", "0"}, step{0, "act", "0"}, step{0, "acted", "1"})
	})
}

// A party that dies, asleep in Wait or elsewhere, breaks the barrier; one that has
// left does not. It is usable again after Reset, without the dead.
func TestBarrierDeaths(t *testing.T) {
	withDeaths(t, "barrier3", 5, func(s *stage) {
		s.play(
			step{0, "wait", sleeps},
			step{1, "wait", sleeps},
			step{1, dies, ""},
			step{0, ends, "broken"},
			step{0, "state", "0/3,true"},
			step{2, "reset", "ok"},
			step{0, "wait", sleeps},
			step{2, "wait", sleeps},
			step{3, "wait", "2"},
			step{0, ends, "0"},
			step{2, ends, "1"},
			step{2, "close", "ok"}, // not expected any more
			step{2, dies, ""},
			step{0, "state", "0/3,false"},
			step{0, "wait", sleeps},
			step{3, dies, ""}, // outside of Wait
			step{0, ends, "broken"},
			step{4, "wait", "broken"},
			step{4, "reset", "ok"},
			step{4, "wait", sleeps},
			step{0, "abort", "ok"},
			step{4, ends, "broken"},
		)
	})
}

// The last party does not go on without one who has come and died, though nobody was
// there to see that.
func TestBarrierDeathUnseen(t *testing.T) {
	withDeaths(t, "barrier2", 2, func(s *stage) {
		for _, last := range []string{"wait", "act"} {
			s.play(
				step{1, "wait", sleeps},
				step{1, dies, ""},
				step{0, last, "broken"},
				step{0, "reset", "ok"},
			)
			s.actors[1] = s.process("barrier2", 1)
		}
	})
}

// Whoever sleeps watches those too who come later.
func TestBarrierLateDeath(t *testing.T) {
	withDeaths(t, "barrier3", 3, func(s *stage) {
		for range 3 {
			s.play(
				step{0, "wait", sleeps},
				step{1, "wait", sleeps},
				step{1, dies, ""},
				step{0, ends, "broken"},
				step{0, "reset", "ok"},
			)
			s.actors[1] = s.process("barrier3", 1)
		}
	})
}

// conformance: BR-12
func TestBarrierParties(t *testing.T) {
	for _, n := range []int{0, -1, 1 << 16, math.MinInt} {
		if _, err := shsync.NewBarrier(n); !errors.Is(err, shsync.ErrCount) {
			t.Errorf("%d parties: %v", n, err)
		}
	}
	if _, err := shsync.NewBarrier(2, shsync.BarrierTimeout(-1)); !errors.Is(err, shsync.ErrCount) {
		t.Errorf("negative timeout: %v", err)
	}
	b, err := shsync.NewBarrier(1<<16 - 1)
	must(t, err)
	must(t, b.Close())
}

func TestBarrierNamed(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	b, err := shsync.NewBarrierIn(seg, "it", 1, shsync.BarrierTimeout(time.Hour))
	must(t, err)
	defer b.Close()
	_, exists := shsync.NewBarrierIn(seg, "it", 3)
	_, absent := shsync.OpenBarrier(seg, "none")
	_, typ := shsync.OpenEvent(seg, "it")
	if !errors.Is(exists, shm.ErrExists) || !errors.Is(absent, shm.ErrNotFound) || !errors.Is(typ, shm.ErrType) {
		t.Error(exists, absent, typ)
	}
	same, err := shsync.OpenBarrier(seg, "it")
	must(t, err)
	defer same.Close()
	if _, err = b.Wait(); err != nil {
		t.Error(err)
	}
	info := same.Info()
	want := fmt.Sprintf("0 of 1 wait; taking part: [%d]", pid)
	if info.Timeout != time.Hour || !slices.Equal(info.Members, []uint32{pid}) || same.String() != "Barrier("+want+")" {
		t.Errorf("%+v %v", info, same)
	}
	look, err := seg.Info()
	must(t, err)
	if o := look.Objects[0]; o.Kind != "Barrier" || o.Sync != want {
		t.Errorf("%+v", o)
	}
}

// Close ends the calls of its handle, and breaks what they have come to.
func TestBarrierClosed(t *testing.T) {
	watchdog(t)
	b, err := shsync.NewBarrier(3)
	must(t, err)
	text, err := b.MarshalText()
	must(t, err)
	var other shsync.Barrier
	must(t, other.UnmarshalText(text))
	got, through := make(chan error), make(chan error)
	go func() { _, err := other.Wait(); got <- err }()
	asleep(1)
	go func() { _, err := b.Wait(); through <- err }()
	asleep(2)
	must(t, b.Close())
	if err := <-through; !errors.Is(err, shsync.ErrClosed) {
		t.Errorf("waiter through the closed handle: %v", err)
	}
	if err := <-got; !errors.Is(err, shsync.ErrBroken) {
		t.Errorf("the other: %v", err)
	}
	_, wait := b.Wait()
	_, handle := b.Handle()
	for what, err := range map[string]error{
		"Wait": wait, "Abort": b.Abort(), "Reset": b.Reset(), "Close": b.Close(), "Handle": handle,
	} {
		if !errors.Is(err, shsync.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	if b.Info() != nil || b.String() != "Barrier(closed)" || !b.Broken() || b.Waiting() != 0 {
		t.Errorf("closed: %v", b)
	}
	must(t, other.Close())
}
