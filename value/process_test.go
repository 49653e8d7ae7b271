package value_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

func init() {
	shmtest.Register("inside", dieInside)
	shmtest.Register("double", doubleAll)
	shmtest.Register("store", storeForEver)
	shmtest.Register("hold", holdLock)
}

// mixed is the struct of the conformance inventory: an int, a double, a long.
type mixed struct {
	I int32
	D float64
	L int64
}

func open[T any](c *shmtest.Child, text string) *value.Value[T] {
	v := new(value.Value[T])
	c.Must(v.UnmarshalText([]byte(text)))
	return v
}

// doubleAll doubles one value of each type, with the lock if it is told so.
func doubleAll(c *shmtest.Child) {
	i, d := open[int32](c, c.Args[0]), open[float64](c, c.Args[1])
	l, m := open[int64](c, c.Args[2]), open[mixed](c, c.Args[3])
	if c.Args[4] == "lock" {
		c.Must(i.Lock())
		defer i.Unlock()
	}
	i.Store(2 * i.Load())
	d.Store(2 * d.Load())
	l.Store(2 * l.Load())
	c.Must(m.Update(func(p *mixed) { *p = mixed{2 * p.I, 2 * p.D, 2 * p.L} }))
	c.Say("doubled")
}

func text(t *testing.T, h interface{ MarshalText() ([]byte, error) }) string {
	t.Helper()
	b, err := h.MarshalText()
	must(t, err)
	return string(b)
}

// conformance: VAL-01, CTY-01
func TestChildChanges(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	i, d := newValue(t, int32(7)), newValue(t, 1.0/3)
	l, m := newValue(t, int64(1)<<33), newValue(t, mixed{7, 1.5, 1 << 33})
	for round, how := range []string{"lock", "free"} {
		p := shmtest.Start(t, "double", text(t, i), text(t, d), text(t, l), text(t, m), how)
		p.Expect("doubled")
		p.Wait()
		f := int64(2) << round
		if i.Load() != 7*int32(f) || d.Load() != float64(f)/3 || l.Load() != f<<33 ||
			m.Load() != (mixed{7 * int32(f), 1.5 * float64(f), f << 33}) {
			t.Errorf("%s: %v %v %v %v", how, i, d, l, m.Load())
		}
	}
}

// conformance: CTY-02
func TestCopyIsIndependent(t *testing.T) {
	v := newValue(t, mixed{1, 2, 3})
	w := newValue(t, v.Load())
	v.Store(mixed{})
	if w.Load() != (mixed{1, 2, 3}) {
		t.Error("the copy shares memory")
	}
}

// storeForEver stores uniform values in all ways.
func storeForEver(c *shmtest.Child) {
	v := open[large](c, c.Args[0])
	n, err := strconv.ParseUint(c.Args[1], 10, 64)
	c.Must(err)
	c.Say("running")
	for ; ; n++ {
		switch n % 4 {
		case 0:
			v.Store(uniform(n))
		case 1:
			if old := v.Swap(uniform(n)); old != uniform(old[0]) {
				c.Must(fmt.Errorf("torn: %v", old))
			}
		case 2:
			c.Must(v.Update(func(p *large) {
				for i := range p {
					p[i]++
				}
			}))
		case 3:
			if x := v.Load(); x != uniform(x[0]) {
				c.Must(fmt.Errorf("torn: %v", x))
			}
		}
	}
}

// Writers are killed at random; nobody ever sees half a value.
func TestNeverTorn(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	v := newValue(t, uniform(0))
	handle := text(t, v)
	steady := shmtest.Start(t, "store", handle, "1000000000")
	steady.Expect("running")
	kills := 50
	if testing.Short() {
		kills = 10
	}
	for k := range kills {
		p := shmtest.Start(t, "store", handle, strconv.Itoa(k*1000))
		p.Expect("running")
		for range 20 + 37*(k%11) {
			if x := v.Load(); x != uniform(x[0]) {
				t.Fatalf("torn: %v", x)
			}
		}
		p.Kill()
	}
	steady.Kill()
	if x := v.Load(); x != uniform(x[0]) {
		t.Fatalf("torn at the end: %v", x)
	}
	v.Store(uniform(5))
	if v.Load() != uniform(5) {
		t.Error("the value does not work any more")
	}
}

func holdLock(c *shmtest.Child) {
	v := open[large](c, c.Args[0])
	c.Must(v.Lock())
	v.Pointer()[0] = 77
	c.Say("held")
	c.Park()
}

// A holder of the lock dies while it writes in place: methods go on, and the next
// one to lock is told.
func TestHolderKilled(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	v := newValue(t, uniform(1))
	p := shmtest.Start(t, "hold", text(t, v))
	p.Expect("held")
	p.Kill()
	if x := v.Load(); x[0] != 77 || x[1] != 1 {
		t.Errorf("what the dead wrote in place: %v", x)
	}
	v.Store(uniform(2))
	if err := v.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Fatalf("Lock: %v", err)
	}
	must(t, v.Mutex().MarkConsistent())
	must(t, v.Unlock())
	must(t, v.Lock())
	must(t, v.Unlock())
	if v.Load() != uniform(2) {
		t.Error("the value is lost")
	}
	seg, err := shm.Default()
	must(t, err)
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		t.Errorf("Check: %v %v", found, err)
	}
}

// dieInside takes the lock and says so, inside Update or between Lock and Unlock.
func dieInside(c *shmtest.Child) {
	v := open[large](c, c.Args[0])
	if c.Args[1] == "Update" {
		c.Must(v.Update(func(*large) {
			c.Say("inside")
			c.Park()
		}))
	}
	c.Must(v.Lock())
	c.Say("inside")
	c.Park()
}

// A death inside Update is told to one who locks, and settled. The next death,
// between Lock and Unlock, must not be taken for another one of that kind, which
// methods need tell nobody of.
func TestDeathAfterDeathInMethod(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	v := newValue(t, uniform(1))
	die := func(where string) {
		p := shmtest.Start(t, "inside", text(t, v), where)
		p.Expect("inside")
		p.Kill()
	}
	repair := func() {
		t.Helper()
		if err := v.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
			t.Fatalf("Lock after a holder died: %v", err)
		}
		must(t, v.Mutex().MarkConsistent())
		must(t, v.Unlock())
	}
	die("Update")
	repair()
	die("Lock")
	if v.Load() != uniform(1) { // tells nobody, and leaves the death to be told
		t.Error("the value is lost")
	}
	repair()
	die("Update")
	v.Store(uniform(2)) // settles it: nothing to tell
	must(t, v.Lock())
	must(t, v.Unlock())
}
