package value_test

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	"shmkit/value"
)

func init() {
	shmtest.Register("copy", stopInsideCopy)
	shmtest.Register("huge", storeHuge)
}

// stopInsideCopy is inside a store: the lock is held, the shadow is whole, the item
// is half old and half new.
func stopInsideCopy(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	v, err := value.Open[large](seg, "v")
	c.Must(err)
	typ, err := shm.TypeOf[large]()
	c.Must(err)
	o, err := seg.OpenObject("v", shm.Spec{Kind: shm.KindValue, Type: typ, Count: 1, Mutex: true})
	c.Must(err)
	c.Must(v.Lock())
	r := shm.RedoOf[large](o)
	r.Shadow = uniform(2)
	r.State = shm.RedoHeld | shm.RedoCopy
	shm.Items[large](o)[0][0] = 2
	c.Say("inside")
	c.Park()
}

// Whoever gets the lock after one that was killed while it copied finishes the
// copy, whatever it came for.
func TestKilledInsideCopy(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for what, then := range map[string]func(v *value.Value[large]) large{
		"Load": (*value.Value[large]).Load,
		"Swap": func(v *value.Value[large]) large { return v.Swap(uniform(3)) },
		"Update": func(v *value.Value[large]) (old large) {
			must(t, v.Update(func(p *large) { old = *p }))
			return old
		},
		"Pointer": func(v *value.Value[large]) large {
			if err := v.Lock(); err == nil {
				t.Error("Lock does not tell that the holder died")
			}
			defer v.Unlock()
			must(t, v.Mutex().MarkConsistent())
			return *v.Pointer()
		},
	} {
		seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
		must(t, err)
		v, err := value.NewIn(seg, "v", uniform(1))
		must(t, err)
		p := shmtest.Start(t, "copy", seg.Path())
		p.Expect("inside")
		p.Kill()
		if x := then(v); x != uniform(2) {
			t.Errorf("%s gives %v, want what was being stored", what, x)
		}
		must(t, v.Close())
		must(t, seg.Close())
	}
}

// huge takes so long to copy that many kills come inside a copy.
type huge [64 << 10]uint64

// storeHuge stores uniform values for ever.
func storeHuge(c *shmtest.Child) {
	v := open[huge](c, c.Args[0])
	n, err := strconv.ParseUint(c.Args[1], 10, 64)
	c.Must(err)
	c.Say("running")
	for x := new(huge); ; n++ {
		for i := range x {
			x[i] = n
		}
		v.Store(*x)
	}
}

// tear is the first word that differs from word 0, or 0.
func tear(p *huge) int {
	for i := range p {
		if p[i] != p[0] {
			return i
		}
	}
	return 0
}

// A store is whole wherever its process is killed, also in the middle of a long
// copy.
func TestHugeNeverTorn(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	v := newValue(t, huge{})
	handle := text(t, v)
	kills := 40
	if testing.Short() {
		kills = 8
	}
	for k := range kills {
		p := shmtest.Start(t, "huge", handle, strconv.Itoa((k+1)*1000000))
		p.Expect("running")
		// While it has the lock it copies, into the shadow or from there.
		for {
			if info := v.Mutex().Info(); int(info.OwnerPID) == p.PID() {
				break
			}
		}
		p.Kill()
		x := v.Load()
		if at := tear(&x); at > 0 {
			t.Fatalf("kill %d: torn at word %d: %d and %d", k, at, x[0], x[at])
		}
	}
}
