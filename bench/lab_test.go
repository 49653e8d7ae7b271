package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"shmkit/internal/shmtest"
)

// fixed is a runner that always costs ns per operation, and notes its name.
func fixed(name string, ns float64, log *strings.Builder) runner {
	return func(n int) (float64, error) {
		log.WriteString(name)
		return ns * float64(n), nil
	}
}

func TestAlternates(t *testing.T) {
	var log strings.Builder
	b := benchmark{name: "x", unit: "µs", scale: 1e3, samples: 1, start: func(*lab) (contest, error) {
		return between(fixed("o", 3000, &log), fixed("p", 6000, &log))
	}}
	l := &lab{quick: true, samples: 4}
	r, err := l.measure(b)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := log.String(), "op"+"oppooppo"; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
	if r.Ours != 3 || r.PeerValue != 6 || r.Ratio != 0.5 || r.Samples != 4 {
		t.Errorf("got %+v", r)
	}
}

func TestCalibrate(t *testing.T) {
	var log strings.Builder
	l := &lab{sample: time.Millisecond}
	n, err := l.calibrate(benchmark{}, fixed("o", 10, &log))
	if err != nil {
		t.Fatal(err)
	}
	if n != 100_000 {
		t.Errorf("got %d operations of 10 ns for a millisecond", n)
	}
	if n, _ := l.calibrate(benchmark{longer: 8}, fixed("o", 10, &log)); n != 800_000 {
		t.Errorf("got %d operations of 10 ns for eight milliseconds", n)
	}
	if n, _ := l.calibrate(benchmark{}, fixed("o", 1e9, &log)); n != 1 {
		t.Errorf("got %d operations of a second", n)
	}
}

func TestLimit(t *testing.T) {
	var log strings.Builder
	b := benchmark{unit: "ns", scale: 1, peer: limitPeer, limit: 8, target: 1, start: func(l *lab) (contest, error) {
		l.later(func() { log.WriteString("end") })
		return limited(fixed("", 4, &log))
	}}
	l := &lab{samples: 3, sample: time.Microsecond}
	r, err := l.measure(b)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ours != 4 || r.PeerValue != 8 || r.Ratio != 0.5 || r.verdict() != "ok (at most 8 ns)" {
		t.Errorf("got %+v", r)
	}
	if log.String() != "end" {
		t.Errorf("the row was not ended once: %q", log.String())
	}
}

func TestLeftOut(t *testing.T) {
	b := benchmark{start: func(*lab) (contest, error) {
		return contest{}, fmt.Errorf("%w: no compiler", errLeftOut)
	}}
	r, err := new(lab).measure(b)
	if err != nil || !strings.Contains(r.LeftOut, "no compiler") {
		t.Errorf("got %+v, %v", r, err)
	}
}

// A row whose worker waits for what does not come is ended, and the next one runs.
func TestStall(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	l := &lab{samples: 1}
	_, err := l.measure(benchmark{start: func(l *lab) (contest, error) {
		w, err := l.child("tidy", t.TempDir())
		if err != nil {
			return contest{}, err
		}
		return limited(func(int) (float64, error) {
			go l.stall()
			_, err := w.answer() // nobody asked it
			return 0, err
		})
	}})
	if !errors.Is(err, errStalled) {
		t.Errorf("got %v, want %v", err, errStalled)
	}
	var log strings.Builder
	b := benchmark{unit: "ns", scale: 1, peer: limitPeer, limit: 8, start: func(*lab) (contest, error) { return limited(fixed("", 4, &log)) }}
	if _, err := l.measure(b); err != nil {
		t.Errorf("the row after: %v", err)
	}
}

type blackHole struct{ io.Writer }

func (blackHole) Close() error { return nil }

// A lock that lets two in at once loses additions, and the row must not pass.
func TestLostAdditions(t *testing.T) {
	answering := func(line string) *worker {
		return &worker{in: blackHole{io.Discard}, out: bufio.NewReader(strings.NewReader(line + "\n"))}
	}
	r := &rivals{pair: [2]*worker{answering("6 3"), answering("4 2")}}
	if _, err := r.run(10); err != nil {
		t.Errorf("nothing was lost, but: %v", err)
	}
	if r.stint() != 2 {
		t.Errorf("stint %v, want 2", r.stint())
	}
	r = &rivals{pair: [2]*worker{answering("6 3"), answering("5 2")}}
	if _, err := r.run(10); !errors.Is(err, errLost) {
		t.Errorf("got %v, want %v", err, errLost)
	}
}
