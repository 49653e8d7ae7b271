package ring_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func newRecords(t testing.TB, size int) *ring.Records {
	t.Helper()
	r, err := ring.NewRecordsIn(segment(t), "records", size)
	must(t, err)
	t.Cleanup(func() { r.Detach() })
	return r
}

// recordEnds takes both ends of r.
func recordEnds(t testing.TB, r *ring.Records) (*ring.Writer, *ring.Reader) {
	t.Helper()
	w, err := r.Writer()
	must(t, err)
	t.Cleanup(func() { w.Detach() })
	c, err := r.Reader()
	must(t, err)
	t.Cleanup(func() { c.Detach() })
	return w, c
}

// recordOf is record n, whose bytes tell n and their place.
func recordOf(n, length int) []byte {
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(n + i)
	}
	return b
}

// First in, first out, whatever the lengths, by whatever method.
func TestRecordsAreAQueue(t *testing.T) {
	for _, size := range []int{1, 64, 100, 1000} {
		r := newRecords(t, size)
		w, c := recordEnds(t, r)
		rnd := rand.New(rand.NewPCG(uint64(size), 1))
		var want [][]byte
		for n := range 20000 {
			if rnd.IntN(2) == 0 {
				want = append(want, writeSome(t, w, rnd, n, r.MaxRecord(), len(want))...)
			} else {
				want = want[readSome(t, c, rnd, want):]
			}
			if (r.Len() == 0) != (len(want) == 0) || r.Len() > r.Cap() {
				t.Fatalf("%v with %d records", r, len(want))
			}
		}
	}
}

// writeSome puts some records and gives them; there are so many already.
func writeSome(t *testing.T, w *ring.Writer, rnd *rand.Rand, n, most, there int) (put [][]byte) {
	t.Helper()
	length := rnd.IntN(most + 1)
	rec := recordOf(n, length)
	var err error
	switch rnd.IntN(4) {
	case 0:
		if err = w.TryPut(rec); err == nil {
			put = append(put, rec)
		}
	case 1:
		var b []byte
		if b, err = w.TryClaim(length); err == nil {
			used := rnd.IntN(length + 1)
			copy(b, rec[:used])
			must(t, w.Commit(used))
			put = append(put, rec[:used])
		}
	case 2:
		var b []byte
		if b, err = w.TryClaim(length); err == nil {
			copy(b, recordOf(n+1, length))
			must(t, w.Abort())
		}
	case 3:
		var all [][]byte
		for i := range 1 + rnd.IntN(5) {
			all = append(all, recordOf(n+i, rnd.IntN(length+1)))
		}
		var k int
		k, err = w.TryPutN(all)
		put = all[:k]
	}
	if err != nil && (there == 0 || !errors.Is(err, ring.ErrFull)) {
		t.Fatalf("put of %d bytes beside %d records: %v", length, there, err)
	}
	return put
}

// readSome takes some records, which must be the first of want.
func readSome(t *testing.T, c *ring.Reader, rnd *rand.Rand, want [][]byte) int {
	t.Helper()
	var got [][]byte
	var err error
	switch rnd.IntN(3) {
	case 0:
		var b []byte
		if b, err = c.TryGet([]byte("before ")); err == nil {
			b, _ = bytes.CutPrefix(b, []byte("before "))
			got = append(got, b)
		}
	case 1:
		var b []byte
		if b, err = c.TryPeek(); err == nil {
			got = append(got, bytes.Clone(b))
			must(t, c.Release())
		}
	case 2:
		got = make([][]byte, 1+rnd.IntN(4))
		var k int
		k, err = c.TryGetN(got)
		if k != min(len(got), len(want)) {
			t.Fatalf("TryGetN of %d from %d: %d, %v", len(got), len(want), k, err)
		}
		got = got[:k]
	}
	if len(want) == 0 {
		is(t, "get from an empty ring", err, ring.ErrEmpty)
		return 0
	}
	must(t, err)
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("got %x, want %x", got[i], want[i])
		}
	}
	return len(got)
}

func TestRecordsBounds(t *testing.T) {
	r := newRecords(t, 100)
	if r.Cap() != 128 || r.MaxRecord() != 56 {
		t.Errorf("%d bytes, records of up to %d; want 128 and 56", r.Cap(), r.MaxRecord())
	}
	w, c := recordEnds(t, r)
	for _, n := range []int{57, -1, 1 << 40} {
		_, err := w.Claim(n)
		var size *ring.SizeError
		if !errors.As(err, &size) || !errors.Is(err, ring.ErrSize) || size.Size != n || size.Max != 56 {
			t.Errorf("claim of %d bytes: %v", n, err)
		}
		if fix := map[int]string{57: "make the stream with 130 bytes"}[n]; size.Fix != fix {
			t.Errorf("claim of %d bytes: %q, want %q", n, size.Fix, fix)
		}
	}
	k, err := w.TryPutN([][]byte{nil, make([]byte, 57), nil})
	if is(t, "TryPutN of a long one", err, ring.ErrSize); k != 1 {
		t.Errorf("%d records were put, want 1", k)
	}
	_, err = w.Claim(5)
	must(t, err)
	is(t, "Commit of more than was claimed", w.Commit(6), ring.ErrSize)
	must(t, w.Commit(5))
	is(t, "second Commit", w.Commit(5), ring.ErrNotHeld)
	if b, err := c.Get(nil); err != nil || len(b) != 0 {
		t.Errorf("record of no bytes: %x, %v", b, err)
	}
	_, err = c.Peek()
	must(t, err)
	_, err = c.TryGet(nil)
	is(t, "Get while something is in hand", err, ring.ErrInHand)
	for _, n := range []int{0, -1} {
		_, err := ring.NewRecords(n)
		is(t, "capacity", err, ring.ErrCapacity)
	}
}

// A writer and a reader at full speed.
func TestRecordsGoroutines(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	for size, all := range map[int]int{64: 5000, 256: 20000, 4096: 100000} {
		r := newRecords(t, size)
		w, c := recordEnds(t, r)
		length := func(n int) int { return n * 7 % (r.MaxRecord() + 1) }
		var done sync.WaitGroup
		done.Go(func() {
			for n := 0; n < all; n++ {
				if n%1000 < 3 && n+1 < all {
					k, err := w.PutN([][]byte{recordOf(n, length(n)), recordOf(n+1, length(n+1))})
					if k != 2 || err != nil {
						t.Errorf("PutN: %d %v", k, err)
					}
					n++
					continue
				}
				must(t, w.Put(recordOf(n, length(n))))
			}
			must(t, w.Close())
		})
		next := 0
		for to := make([][]byte, 3); ; {
			k, err := c.GetN(to[:1+next%3])
			if errors.Is(err, ring.ErrClosed) {
				break
			}
			must(t, err)
			for _, b := range to[:k] {
				if !bytes.Equal(b, recordOf(next, length(next))) {
					t.Fatalf("record %d is %x", next, b)
				}
				next++
			}
		}
		if next != all {
			t.Errorf("%d bytes: %d records of %d", size, next, all)
		}
		done.Wait()
	}
}

func init() { shmtest.Register("writer", beWriter) }

// beWriter floods a ring, from record n on, until it is killed.
func beWriter(c *shmtest.Child) {
	r := new(ring.Records)
	c.Must(r.UnmarshalText([]byte(c.Args[0])))
	w, err := r.Writer()
	c.Must(err)
	var n int
	fmt.Sscan(c.Args[1], &n)
	go c.Park() // ends with the test
	for c.Say("writes"); ; n++ {
		c.Must(w.Put(recordOf(n, n*7%(r.MaxRecord()+1))))
	}
}

// Killed at full speed, again and again: no record is seen half, and each writer goes on
// where the last one ended.
func TestRecordsWriterDies(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	r := newRecords(t, 1000)
	c, err := r.Reader()
	must(t, err)
	defer c.Detach()
	text, err := r.MarshalText()
	must(t, err)
	next := 0
	for round := range 10 {
		child := shmtest.Start(t, "writer", string(text), fmt.Sprint(next))
		child.Expect("writes")
		for n := 0; ; n++ {
			if n == 500*round {
				child.Cmd.Process.Kill()
			}
			b, err := c.Get(nil)
			if errors.Is(err, ring.ErrPeerDied) {
				break
			}
			must(t, err)
			if !bytes.Equal(b, recordOf(next, next*7%(r.MaxRecord()+1))) {
				t.Fatalf("record %d is %x", next, b)
			}
			next++
		}
		child.Kill()
	}
}
