package pool_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"shmkit/pool"
	"shmkit/process"
)

// letter is what is long and not bytes alone.
type letter struct {
	N    int
	Text []byte
}

var (
	echoBytes  = process.RegisterFunc("echoBytes", func(_ context.Context, b []byte) ([]byte, error) { return b, nil })
	echoLetter = process.RegisterFunc("echoLetter", func(_ context.Context, l letter) (letter, error) { return l, nil })
)

func random(r *rand.Rand) []byte {
	b := make([]byte, r.IntN(4<<20))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// What is long, on its way there and back, is what was sent, in memory that is used by one
// after the other, while workers die.
func TestLongOnesOneAfterTheOther(t *testing.T) {
	watch(t)
	p := newPool(t, 2, pool.Retries(100))
	over := make(chan struct{})
	var callers, killer sync.WaitGroup
	killer.Go(func() {
		r, next := rand.New(rand.NewPCG(1, 2)), uint64(5)
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			s := p.Stats()
			if w := s.Workers; s.Done >= next && len(w) == 2 {
				if pid := w[r.IntN(2)].PID; pid > 0 {
					syscall.Kill(pid, syscall.SIGKILL)
					next = s.Done + 5
				}
			}
		}
	})
	for i := range uint64(3) {
		callers.Go(func() {
			r := rand.New(rand.NewPCG(3, i))
			for range 25 {
				b := random(r)
				got, err := pool.Apply(context.Background(), p, echoBytes, b)
				if err != nil || !bytes.Equal(got, b) {
					t.Errorf("%d bytes came back as %d, %v", len(b), len(got), err)
				}
				l := letter{len(b), b}
				back, err := pool.Apply(context.Background(), p, echoLetter, l)
				if err != nil || back.N != l.N || !bytes.Equal(back.Text, b) {
					t.Errorf("a letter of %d bytes came back with %d, %v", len(b), len(back.Text), err)
				}
			}
		})
	}
	callers.Wait()
	close(over)
	killer.Wait()
}

// An argument that a function keeps stays what it was.
func TestKeptArgument(t *testing.T) {
	watch(t)
	p := newPool(t, 1)
	for i := range 5 {
		if _, err := pool.Apply(t.Context(), p, keepBytes, bytes.Repeat([]byte{byte(i)}, 2<<20)); err != nil {
			t.Fatal(err)
		}
	}
}

var keptBytes [][]byte

var keepBytes = process.RegisterFunc("keepBytes", func(_ context.Context, b []byte) (process.None, error) {
	keptBytes = append(keptBytes, b)
	for i, k := range keptBytes {
		if bytes.Count(k, []byte{byte(i)}) != len(k) {
			return process.None{}, errors.New("it has changed")
		}
	}
	return process.None{}, nil
})
