package value_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"shmkit/internal/history"
	"shmkit/internal/shmtest"
)

func init() {
	shmtest.Register("history-small", func(c *shmtest.Child) { record[int64](c, small{}) })
	shmtest.Register("history-large", func(c *shmtest.Child) { record[complex128](c, pair{}) })
}

// form is how a small number looks as a T. A T that is torn is no number.
type form[T any] interface {
	of(n int) T
	text(T) string
}

type (
	small struct{} // 8 bytes: one instruction
	pair  struct{} // 16 bytes: under the lock
)

func (small) of(n int) int64      { return int64(n) }
func (small) text(x int64) string { return strconv.FormatInt(x, 10) }
func (pair) of(n int) complex128  { return complex(float64(n), float64(-n)) }
func (pair) text(x complex128) string {
	if real(x) != -imag(x) {
		return fmt.Sprint("torn", x)
	}
	return strconv.Itoa(int(real(x)))
}

// record does random operations on a value, of numbers so small that they meet.
func record[T any](c *shmtest.Child, f form[T]) {
	v := open[T](c, c.Args[0])
	client, _ := strconv.Atoi(c.Args[1])
	n, _ := strconv.Atoi(c.Args[2])
	rng := rand.New(rand.NewPCG(uint64(client), uint64(n)))
	c.Say("ready")
	c.Hear()
	for range n {
		a, b := rng.IntN(4), rng.IntN(4)
		in, do := "load", func() string { return f.text(v.Load()) }
		switch rng.IntN(5) {
		case 0:
			in, do = fmt.Sprint("store ", a), func() string { v.Store(f.of(a)); return "ok" }
		case 1:
			in, do = fmt.Sprint("add ", a), func() string { return f.text(v.Add(f.of(a))) }
		case 2:
			in, do = fmt.Sprint("swap ", a), func() string { return f.text(v.Swap(f.of(a))) }
		case 3:
			in, do = fmt.Sprint("cas ", a, b), func() string { return fmt.Sprint(v.CompareAndSwap(f.of(a), f.of(b))) }
		}
		history.Do(c.Say, client, in, do)
	}
}

// number is the state machine of a Value: what each operation does to a number.
func numbers(state int, op history.Op) (bool, int) {
	var what string
	var a, b int
	fmt.Sscan(op.In, &what, &a, &b)
	out, next := strconv.Itoa(state), state
	switch what {
	case history.Kill:
		return true, state
	case "store":
		out, next = "ok", a
	case "add":
		next = state + a
		out = strconv.Itoa(next)
	case "swap":
		next = a
	case "cas":
		if out = strconv.FormatBool(state == a); state == a {
			next = b
		}
	}
	return op.Out == history.Open || op.Out == out, next
}

// play runs four processes on one value and gives the history. With kill the first
// is killed in the middle.
func play(t *testing.T, helper, handle string, n int, kill bool) *history.History {
	t.Helper()
	var players []*shmtest.Process
	for client := range 4 {
		count := n + client
		if kill && client == 0 {
			count = 1 << 30 // it does not end by itself
		}
		p := shmtest.Start(t, helper, handle, strconv.Itoa(client), strconv.Itoa(count))
		p.Expect("ready")
		players = append(players, p)
	}
	if kill {
		return history.Play(players, 0, n)
	}
	return history.Play(players, history.Nobody, 0)
}

// The operations of four processes on one value have an order, also if one of the
// processes is killed in the middle of one.
func TestLinearizable(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	open := 0
	for round := 0; round < 10 || open == 0; round++ { // until a process was killed inside an operation
		for _, kill := range []bool{false, true} {
			i := newValue(t, int64(0))
			c := newValue(t, complex(0, 0))
			for helper, handle := range map[string]string{"history-small": text(t, i), "history-large": text(t, c)} {
				h := play(t, helper, handle, 60+round%10, kill)
				open += h.Unfinished()
				if err := history.Check(h, numbers, 0); err != nil {
					t.Errorf("%s, killed %v: %v", helper, kill, err)
				}
				if n := len(h.Ops()); n < 180 {
					t.Errorf("%s: only %d operations", helper, n)
				}
			}
		}
	}
	t.Logf("%d operations were cut off by SIGKILL", open)
}

// The test of the test: one answer changed, and there is no order.
func TestNotLinearizable(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	v := newValue(t, int64(0))
	h := play(t, "history-small", text(t, v), 20, false)
	client := 9
	say := func(args ...any) { line := fmt.Sprintln(args...); h.Add(line[:len(line)-1]) }
	history.Do(say, client, "store 3", func() string { v.Store(3); return "ok" })
	history.Do(say, client, "load", func() string { return "2" })
	if history.Check(h, numbers, 0) == nil {
		t.Error("a load that gives what nobody stored last was accepted")
	}
}
