package ring_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

// Who gains by its rests goes on with them; they become rare for one who does not.
func TestRests(t *testing.T) {
	const n = 100_000
	for what, rests := range map[string]func(n, gain uint64) int{"SPSC": ring.Rests, "Queue": ring.QueueRests} {
		if got := rests(n, 50); got < n/64-1 {
			t.Errorf("%s: %d rests in %d messages, though each is used", what, got, n)
		}
		for _, gain := range []uint64{0, 1} {
			if got := rests(n, gain); got > n/1024+8 {
				t.Errorf("%s: %d rests in %d messages, though none is used", what, got, n)
			}
		}
	}
}

// A consumer writes to each line that ends in its items, and to nothing else: the producer may
// have written there meanwhile.
func TestLastWords(t *testing.T) {
	for size := uint64(1); size <= 200; size++ {
		for pos := range uint64(40) {
			for n := range uint64(9) {
				var want []uint64
				for off := pos * size / 64 * 64; size%4 == 0 && off < (pos+n)*size; off += 64 {
					if off+60 >= pos*size && off+64 <= (pos+n)*size {
						want = append(want, off+60)
					}
				}
				if got := ring.LastWords(size, pos, n); !slices.Equal(got, want) {
					t.Fatalf("%d items of %d bytes from %d on: %d, want %d", n, size, pos, got, want)
				}
			}
		}
	}
}

// Items that have a line in common go through whole.
func TestItemsShareLines(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	shareLines(t, "3 bytes", func(n int) [3]byte { return [3]byte{byte(n), byte(n >> 8), byte(n >> 16)} })
	shareLines(t, "4 bytes", func(n int) uint32 { return uint32(n) })
	shareLines(t, "12 bytes", func(n int) [3]uint32 { return [3]uint32{uint32(n), ^uint32(n), uint32(3 * n)} })
	shareLines(t, "100 bytes", func(n int) (v [25]uint32) {
		for i := range v {
			v[i] = uint32(n + i)
		}
		return v
	})
}

func shareLines[T comparable](t *testing.T, what string, item func(n int) T) {
	s, err := ring.NewSPSC[T](300)
	must(t, err)
	defer s.Detach()
	p, err := s.Producer()
	must(t, err)
	defer p.Detach()
	c, err := s.Consumer()
	must(t, err)
	defer c.Detach()
	const many, batch = 20_000, 7
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		for n := 0; n < many; n += batch + 1 {
			var list [batch]T
			for i := range list {
				list[i] = item(n + 1 + i)
			}
			if err := p.Put(item(n)); err != nil {
				t.Error(what, err)
			}
			if _, err := p.PutN(list[:]); err != nil {
				t.Error(what, err)
			}
		}
	})
	for n := 0; n < many; {
		var list [batch]T
		k := 1
		if n%3 == 0 {
			k, err = c.GetN(list[:])
		} else {
			list[0], err = c.Get()
		}
		must(t, err)
		for i := range k {
			if list[i] != item(n) {
				t.Fatalf("%s: item %d is %v", what, n, list[i])
			}
			n++
		}
	}
}
