package array_test

import (
	"slices"
	"testing"
	"time"

	"shmkit/array"
	"shmkit/internal/shmtest"
)

func init() {
	shmtest.Register("prefix", prefixSums)
	shmtest.Register("double", double)
}

func text(t *testing.T, h interface{ MarshalText() ([]byte, error) }) string {
	t.Helper()
	b, err := h.MarshalText()
	must(t, err)
	return string(b)
}

// prefixSums replaces each item by the sum up to it, in place.
func prefixSums(c *shmtest.Child) {
	a := new(array.Array[int32])
	c.Must(a.UnmarshalText([]byte(c.Args[0])))
	s := a.Slice()
	for i := 1; i < len(s); i++ {
		s[i] += s[i-1]
	}
	c.Say("done")
}

// conformance: ARR-01
func TestChildChangesInPlace(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	a := from(t, []int32{680, 626, 934, 821, 150, 233, 548, 982, 714, 831})
	want := a.Copy()
	for i := 1; i < len(want); i++ {
		want[i] += want[i-1]
	}
	p := shmtest.Start(t, "prefix", text(t, a))
	p.Expect("done")
	p.Wait()
	if !slices.Equal(a.Copy(), want) {
		t.Errorf("%v, want %v", a.Copy(), want)
	}
}

// double doubles doubles and text, under the locks or without.
func double(c *shmtest.Child) {
	d, s := new(array.Array[float64]), new(array.Chars)
	c.Must(d.UnmarshalText([]byte(c.Args[0])))
	c.Must(s.UnmarshalText([]byte(c.Args[1])))
	twice := func(items []float64, _ bool) error {
		for i := range items {
			items[i] *= 2
		}
		return nil
	}
	if c.Args[2] == "lock" {
		c.Must(d.With(twice))
	} else {
		c.Must(twice(d.Slice(), false))
	}
	c.Must(s.SetString(s.Text() + s.Text()))
	c.Say("done")
}

// conformance: CTY-01
func TestChildDoubles(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, how := range []string{"lock", "free"} {
		d := from(t, []float64{0, 0.5, 1, 1.5})
		s, err := array.FromString(20, "hello")
		must(t, err)
		p := shmtest.Start(t, "double", text(t, d), text(t, s), how)
		p.Expect("done")
		p.Wait()
		if !slices.Equal(d.Copy(), []float64{0, 1, 2, 3}) || s.Text() != "hellohello" {
			t.Errorf("%s: %v %q", how, d.Copy(), s.Text())
		}
		must(t, s.Close())
	}
}
