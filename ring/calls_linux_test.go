package ring_test

import (
	"slices"
	"testing"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

func init() { shmtest.Register("calls", callsOfRings) }

const (
	manyCalls = 100000
	// someCalls is how many system calls the runtime of Go may make for itself meanwhile, on
	// the thread that puts and gets: far fewer than there are operations.
	someCalls = 200
)

// callsOfRings puts and gets, while nobody sleeps: first a few to warm up, then many.
func callsOfRings(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	c.Traced("wakes", func() {
		for range 10 {
			park.Wake(new(uint32), 1)
		}
	})
	for what, do := range ringCalls(c, seg) {
		for range 1000 {
			c.Must(do())
		}
		c.Traced(what, func() {
			for range manyCalls {
				c.Must(do())
			}
		})
	}
}

func ringCalls(c *shmtest.Child, seg *shm.Segment) map[string]func() error {
	q, err := ring.Open[message](seg, "queue")
	c.Must(err)
	large, err := ring.Open[message](seg, "large")
	c.Must(err)
	s, err := ring.OpenSPSC[message](seg, "spsc")
	c.Must(err)
	p, err := s.Producer()
	c.Must(err)
	r, err := s.Consumer()
	c.Must(err)
	records, err := ring.OpenRecords(seg, "records")
	c.Must(err)
	w, err := records.Writer()
	c.Must(err)
	o, err := records.Reader()
	c.Must(err)
	both := func(put func() error, get func() error) func() error {
		return func() error {
			if err := put(); err != nil {
				return err
			}
			return get()
		}
	}
	list, text := make([]message, 3), make([]byte, 100)
	return map[string]func() error{
		"queue": both(func() error { return q.Put(messageOf(1, 2)) }, func() error { _, err := q.Get(); return err }),
		"large": both(func() error { return large.Put(messageOf(1, 2)) }, func() error { _, err := large.Get(); return err }),
		"batch": both(func() error { _, err := q.PutN(list); return err }, func() error { _, err := q.GetN(list); return err }),
		"lease": both(func() error {
			l, err := q.Loan()
			c.Must(err)
			return l.Publish()
		}, func() error {
			l, err := q.Lease()
			c.Must(err)
			return l.Ack()
		}),
		"spsc":    both(func() error { return p.Put(messageOf(1, 2)) }, func() error { _, err := r.Get(); return err }),
		"records": both(func() error { return w.Put(text) }, func() error { text, err := o.Get(text[:0]); _ = text; return err }),
	}
}

// While nobody sleeps, nothing that puts or gets makes a system call.
func TestNoSystemCalls(t *testing.T) {
	seg, err := shm.Create("calls")
	must(t, err)
	defer shm.Remove("calls")
	defer seg.Close()
	q, err := ring.NewIn[message](seg, "queue", 4)
	must(t, err)
	large, err := ring.NewIn[message](seg, "large", 1000)
	must(t, err)
	s, err := ring.NewSPSCIn[message](seg, "spsc", 4)
	must(t, err)
	r, err := ring.NewRecordsIn(seg, "records", 4096)
	must(t, err)
	detached(t, q, large, s, r)
	found := shmtest.Calls(t, "calls", seg.Path())
	if n := len(slices.DeleteFunc(found["wakes"], shmtest.OfRuntime)); n != 10 {
		t.Errorf("ten wake-ups are %d system calls", n)
	}
	for _, what := range []string{"queue", "large", "batch", "lease", "spsc", "records"} {
		quiet(t, what, found)
	}
}

// quiet: none of the system calls are ours, and the rest does not grow with the operations.
func quiet(t *testing.T, what string, found map[string][]string) {
	t.Helper()
	calls, ok := found[what]
	ours := slices.DeleteFunc(slices.Clone(calls), shmtest.OfRuntime)
	t.Logf("%s: %d puts and gets made %d system calls; the runtime made %d", what, manyCalls, len(ours), len(calls)-len(ours))
	if !ok || len(ours) > 0 || len(calls) > someCalls {
		t.Errorf("%s: measured: %v, calls %q", what, ok, ours[:min(len(ours), 10)])
	}
}
